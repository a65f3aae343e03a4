import { damaged } from '../../format/damage.ts';
import { ROSTER, vmNames } from '../../format/names.ts';
import { openObject, SALT_BYTES, sealObject } from '../../format/sealing.ts';
import type { Vault } from '../../format/vault.ts';
import { pipelined } from '../../model/pipelined.ts';
import type { Point } from '../../model/point.ts';
import type { OnDamage } from '../../model/repository.ts';
import type { StoredObject } from '../../model/store.ts';
import { readable, readHead } from './points.ts';
import type { Context, VmContext } from './repository-context.ts';

const CAP = 4096;
/** Entries that are read side by side: there may be thousands, each a request. */
const READS = 32;

/** Notes down, once, which VM the folder of this key belongs to. */
export async function enrol({ store, vault, random, lock: lockNow }: Context, uuid: string): Promise<number> {
  const key = vmNames(vault.vmKey(uuid)).roster;
  const salt = random.bytes(SALT_BYTES);
  const bytes = sealObject(vault, 'roster', key, salt, Buffer.from(JSON.stringify({ uuid })));
  const lock = lockNow?.();
  const put = await store.put(key, bytes, { when: { ifNoneMatch: '*' }, ...(lock && { lock }) });
  return put.ok ? bytes.length : 0;
}

/** Writes the object of a VM again where it is gone, or doesn't say what it should; whether it did. */
export async function mendRoster(context: VmContext): Promise<boolean> {
  const { store, vault, random, uuid, names } = context;
  const found = await store.get(names.roster);
  if (!found) return (await enrol(context, uuid)) > 0;
  if ((await readable(entry(context, names.roster), () => {})) !== undefined) return false;
  const payload = Buffer.from(JSON.stringify({ uuid }));
  const bytes = sealObject(vault, 'roster', names.roster, random.bytes(SALT_BYTES), payload);
  return (await store.put(names.roster, bytes, { when: { ifMatch: found.etag } })).ok;
}

/** UUIDs of all VMs that were ever replicated to this repository; entries as `readable` reads them. */
export async function* enrolled(context: Context, onDamage?: OnDamage): AsyncGenerator<string> {
  const read = ({ key }: StoredObject) => readable(entry(context, key), onDamage);
  for await (const uuid of pipelined(context.store.list(ROSTER), READS, read))
    if (uuid !== undefined) yield uuid;
}

/**
 * The same with the point in each head, which tells whose it is: nothing else is read of a VM whose head can
 * be.
 *
 * @param known UUIDs of those that are left out: their keys tell, so that nothing is read of them
 */
export async function* heads(
  context: Context,
  onDamage: OnDamage,
  known: Iterable<string>,
): AsyncGenerator<{ uuid: string; point?: Point }> {
  const { store, vault } = context;
  const keys = new Set<string>();
  for (const uuid of known) keys.add(vmNames(vault.vmKey(uuid)).roster);
  const read = async ({ key }: StoredObject) => {
    if (keys.has(key)) return undefined;
    // Whoever wants to know how the VM stands finds the damage where it looks for its other points.
    const head = await readable(
      readHead({ store, vault, names: vmNames(key.slice(ROSTER.length)) }),
      () => {},
    );
    if (head) return { uuid: head.root.point.vm.uuid, point: head.root.point };
    const uuid = await readable(entry(context, key), onDamage);
    return uuid === undefined ? undefined : { uuid };
  };
  for await (const one of pipelined(store.list(ROSTER), READS, read)) if (one) yield one;
}

async function entry({ store, vault }: Context, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  return found && openEntry(vault, key, found.bytes);
}

/** The UUID in a roster object. Throws `damaged-object` unless it is that of the VM whose object this is. */
export function openEntry(vault: Vault, key: string, bytes: Buffer): string {
  let value: unknown;
  try {
    value = JSON.parse(openObject(vault, 'roster', key, bytes, CAP).toString('utf8'));
  } catch (cause) {
    throw cause instanceof SyntaxError ? damaged(key, 'it is not JSON', cause) : cause;
  }
  const { uuid } = (value ?? {}) as { uuid?: unknown };
  if (typeof uuid !== 'string' || vmNames(vault.vmKey(uuid)).roster !== key)
    throw damaged(key, 'it names no VM, or another one');
  return uuid;
}
