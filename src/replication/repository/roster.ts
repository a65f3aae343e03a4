import { damaged } from '../format/damage.ts';
import { ROSTER, vmNames } from '../format/names.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import type { Context } from './context.ts';

const CAP = 4096;

/** Notes down, once, which VM the folder of this key belongs to. */
export async function enrol({ store, vault, random }: Context, uuid: string): Promise<number> {
  const key = vmNames(vault.vmKey(uuid)).roster;
  const salt = random.bytes(SALT_BYTES);
  const bytes = sealObject(vault, 'roster', key, salt, Buffer.from(JSON.stringify({ uuid })));
  const put = await store.put(key, bytes, { when: { ifNoneMatch: '*' } });
  return put.ok ? bytes.length : 0;
}

/** UUIDs of all VMs that were ever replicated to this repository. */
export async function* enrolled({ store, vault }: Context): AsyncGenerator<string> {
  for await (const { key } of store.list(ROSTER)) {
    const found = await store.get(key);
    if (!found) continue;
    let value: { uuid?: unknown };
    try {
      value = JSON.parse(openObject(vault, 'roster', key, found.bytes, CAP).toString('utf8'));
    } catch (cause) {
      throw cause instanceof SyntaxError ? damaged(key, 'it is no JSON', cause) : cause;
    }
    if (typeof value.uuid !== 'string') throw damaged(key, 'it names no VM');
    yield value.uuid;
  }
}
