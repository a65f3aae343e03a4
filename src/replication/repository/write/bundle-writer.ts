import { failedWith } from '../../../diagnostics/diagnostic.ts';
import { SALT_BYTES, sealObject } from '../../format/sealing.ts';
import { isUnreadable } from '../../model/damage.ts';
import type { BundleRef } from '../../model/point.ts';
import type { BundleContent } from '../../model/point-writer.ts';
import { digestOf, readBundle } from '../read/bundles.ts';
import { newId } from '../read/repository-context.ts';
import type { Session } from './commit-session.ts';

/** What a commit stores of a bundle. `isBelieved`: whether an object, a key below the VM's folder, is. */
export interface BundleWish {
  content: BundleContent | undefined;
  isBelieved(object: string): boolean;
}

/**
 * Stores a bundle unless the point before has the same one, and has it whole: one that can't be read any more
 * is written again under a name of its own, so that a damaged one heals with a point.
 */
export async function writeBundle(
  work: Session,
  { content, isBelieved }: BundleWish,
  before: BundleRef | null | undefined,
): Promise<BundleRef | null | undefined> {
  if (content === undefined) return undefined;
  if (content === 'as-before') return before;
  if (content === 'none') return null;
  const { context } = work;
  const digest = digestOf(content);
  if (before?.digest === digest) {
    const object = context.names.bundle(before.id).slice(context.names.folder.length);
    if (isBelieved(object) || (await isWhole(readBundle(context, before)))) return before;
  }
  const id = newId(context);
  const key = context.names.bundle(id);
  const bytes = sealObject(context.vault, 'bundle', key, context.random.bytes(SALT_BYTES), content);
  await work.put('bundle', key, bytes);
  return { id, digest, bytes: bytes.length };
}

async function isWhole(read: Promise<Buffer>): Promise<boolean> {
  try {
    await read;
    return true;
  } catch (error) {
    if (!isUnreadable(error) && !failedWith(error, 'missing-object')) throw error;
    return false;
  }
}
