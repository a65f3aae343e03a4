import { failedWith } from '../../diagnostics/diagnostic.ts';
import { isUnreadable } from '../format/damage.ts';
import { BOARD, OBJECT_ID_BYTES, RECOVERY } from '../format/names.ts';
import type { Root } from '../format/root.ts';
import type { BundleRef } from '../model/point.ts';
import { readBundle } from '../repository/read/bundles.ts';
import type { Context, VmContext } from '../repository/read/repository-context.ts';
import { stranger } from './explain.ts';
import { checkObject } from './objects.ts';
import { addRefused, type Findings, type VerifyReport } from './report.ts';

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

/** Opens every record of plans and recoveries. */
export async function checkRecords(
  { store, vault }: Context,
  found: Findings,
  report: VerifyReport,
  signal?: AbortSignal,
): Promise<void> {
  const record = `${RECOVERY}[0-9a-f]{${2 * OBJECT_ID_BYTES}}/[a-z0-9-]+/\\d{12}`;
  const name = new RegExp(`^(${record}|${BOARD}[a-z0-9-]+(/[a-z0-9-]+)*)$`);
  for await (const { key } of store.list(RECOVERY)) {
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
    if (damage) found.add('damaged', key, damage.message);
    report.checked.objects++;
    report.checked.bytes += object.bytes.length;
  }
}
