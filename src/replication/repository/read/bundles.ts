import { hash } from 'node:crypto';
import { BUNDLE_CAP } from '../../format/root.ts';
import { openObject } from '../../format/sealing.ts';
import { damaged, missing } from '../../model/damage.ts';
import type { BundleRef } from '../../model/point.ts';
import { readAgain } from './read-again.ts';
import type { VmContext } from './repository-context.ts';

export const digestOf = (content: Buffer): string => hash('sha256', content, 'hex');

/**
 * What a bundle holds, checked against what the point says about it: no more is read than the point names,
 * whatever is there. Throws a Failure `missing-object` or `damaged-object`.
 */
export function readBundle(
  { store, vault, names }: Pick<VmContext, 'store' | 'vault' | 'names'>,
  { id, digest, bytes }: BundleRef,
): Promise<Buffer> {
  const key = names.bundle(id);
  return readAgain(async () => {
    const found = await store.get(key, { range: { start: 0, end: bytes } });
    if (!found) throw missing(key);
    const content = openObject(vault, 'bundle', key, found.bytes, BUNDLE_CAP);
    if (digestOf(content) !== digest) throw damaged(key, 'it holds another bundle than its point names');
    return content;
  });
}
