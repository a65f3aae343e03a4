import { failedWith } from '../../diagnostics/diagnostic.ts';
import { BOARD, OBJECT_ID_BYTES, RECOVERY } from '../format/names.ts';
import type { Root } from '../format/root.ts';
import { CURRENT_LISTS } from '../model/current-list.ts';
import { isUnreadable } from '../model/damage.ts';
import type { BundleRef } from '../model/point.ts';
import { readBundle } from '../repository/read/bundles.ts';
import type { Context, VmContext } from '../repository/read/repository-context.ts';
import { stranger } from './explain.ts';
import { checkObject } from './objects.ts';
import { addRefused, type Findings, findings, type VerifyReport } from './report.ts';

/** What can be, of records; of the others it tells who writes them. */
const REPAIRS = '`converge repair` writes it anew, or says who does.';

/** What a recovery needs besides disks. None of it breaks a point: its disks can be restored without. */

/**
 * Finds bundles that points name and that are missing or hold something else; damaged ones were found before.
 */
export async function followBundles(
  context: VmContext,
  roots: readonly Root[],
  found: Findings,
): Promise<void> {
  const named = new Map<string, { ref: BundleRef; root: Root }>();
  for (const root of roots) {
    const ref = root.point.bundle;
    if (ref && !named.has(`${ref.id} ${ref.digest}`)) named.set(`${ref.id} ${ref.digest}`, { ref, root });
  }
  for (const { ref, root } of named.values()) {
    const key = context.names.bundle(ref.id);
    if (found.of(key)) continue;
    try {
      await readBundle(context, ref);
    } catch (error) {
      const { generation, id } = root.point;
      const of = `the bundle of ${context.names.point(generation, id)}`;
      if (failedWith(error, 'missing-object')) found.add('missing', key, `${key}, ${of}, is missing`);
      else if (isUnreadable(error)) found.add('inconsistent', key, `${of}: ${error.message}`);
      else throw error;
    }
  }
}

/** Keys of records and notes that hold something else than was written, and that nothing newer stands for. */
export async function damagedRecords(context: Context, signal: AbortSignal): Promise<string[]> {
  const found = findings();
  await checkRecords(context, found, { objects: 0, bytes: 0 }, signal);
  return found.objects().flatMap(({ kind, object }) => (kind === 'damaged' ? [object] : []));
}

/** Each record of such a list holds all of it: of one below another nothing is needed. */
const isOutdated = (key: string, next: string | undefined): boolean => {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return CURRENT_LISTS.some(list => folder.endsWith(`/${list}/`)) && (next?.startsWith(folder) ?? false);
};

/** Opens every record of plans and recoveries. */
export async function checkRecords(
  { store, vault }: Context,
  found: Findings,
  checked: Pick<VerifyReport['checked'], 'objects' | 'bytes'>,
  signal?: AbortSignal,
): Promise<void> {
  const record = `${RECOVERY}[0-9a-f]{${2 * OBJECT_ID_BYTES}}/[a-z0-9-]+/\\d{12}`;
  const name = new RegExp(`^(${record}|${BOARD}[a-z0-9-]+(/[a-z0-9-]+)*)$`);
  const keys: string[] = [];
  for await (const { key } of store.list(RECOVERY)) keys.push(key);
  for (const [at, key] of keys.sort().entries()) {
    signal?.throwIfAborted();
    if (!name.test(key)) {
      stranger(key, found);
      continue;
    }
    const object = await store.get(key, signal ? { signal } : {}).catch(error => {
      if (!isUnreadable(error)) throw error;
      addRefused(found, key, error);
    });
    if (!object) continue;
    const { damage } = checkObject(vault, 'record', key, object.bytes);
    if (damage && !isOutdated(key, keys[at + 1])) found.add('damaged', key, damage.message, REPAIRS);
    checked.objects++;
    checked.bytes += object.bytes.length;
  }
}
