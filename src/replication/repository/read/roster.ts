import { isVmKey, ROSTER, VMS, vmNames } from '../../format/names.ts';
import { openObject, SALT_BYTES, sealObject } from '../../format/sealing.ts';
import type { Vault } from '../../format/vault.ts';
import { damaged } from '../../model/damage.ts';
import { pipelined } from '../../model/pipelined.ts';
import type { Point } from '../../model/point.ts';
import type { OnDamage } from '../../model/repository.ts';
import { newestRoot, readable, readHead } from './points.ts';
import { rangeReader } from './ranges.ts';
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

/**
 * Keys of all VMs: of those in the roster, and of those that have a folder though the roster lost them. A VM
 * that is passed over would be shown to nobody, and its locks would run out.
 */
async function* vmKeys({ store }: Context): AsyncGenerator<string> {
  const listed = new Set<string>();
  for await (const { key } of store.list(ROSTER)) {
    const own = key.slice(ROSTER.length);
    // A name that no VM can have is somebody else's file, which says nothing about a VM.
    if (!isVmKey(own)) continue;
    listed.add(own);
    yield own;
  }
  for await (const folder of store.folders(VMS)) {
    const own = folder.slice(VMS.length, -1);
    if (!listed.has(own) && isVmKey(own)) yield own;
  }
}

/** The UUID behind a key: by the roster, else by the newest root that can be read. */
async function uuidOf(context: Context, key: string, onDamage?: OnDamage): Promise<string | undefined> {
  const names = vmNames(key);
  const uuid = await readable(entry(context, names.roster), onDamage);
  if (uuid !== undefined || !isVmKey(key)) return uuid;
  const vm = { ...context, uuid: '', names, ranges: rangeReader(context.store) };
  const found = (await newestRoot(vm, () => {}))?.point.vm.uuid;
  return found !== undefined && context.vault.vmKey(found) === key ? found : undefined;
}

/** UUIDs of all VMs that were ever replicated to this repository; entries as `readable` reads them. */
export async function* enrolled(context: Context, onDamage?: OnDamage): AsyncGenerator<string> {
  const read = (key: string) => uuidOf(context, key, onDamage);
  for await (const uuid of pipelined(vmKeys(context), READS, read)) if (uuid !== undefined) yield uuid;
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
  for (const uuid of known) keys.add(vault.vmKey(uuid));
  const read = async (key: string) => {
    if (keys.has(key)) return undefined;
    // Whoever wants to know how the VM stands finds the damage where it looks for its other points.
    const head = await readable(readHead({ store, vault, names: vmNames(key) }), () => {});
    if (head) return { uuid: head.root.point.vm.uuid, point: head.root.point };
    const uuid = await uuidOf(context, key, onDamage);
    return uuid === undefined ? undefined : { uuid };
  };
  for await (const one of pipelined(vmKeys(context), READS, read)) if (one) yield one;
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
