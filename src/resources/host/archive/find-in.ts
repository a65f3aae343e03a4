import type { ReadIo } from '../../../engine/model/io.ts';
import type { SourceTrouble } from '../../../engine/model/resource-type.ts';
import { pathFirst } from '../../shared/path-first.ts';
import { findContent } from '../fetch/find-content.ts';
import type { Source } from './source.ts';

/** Whether there is something to take where an archive or a package comes from. */
export async function findIn(source: Source, io: ReadIo): Promise<SourceTrouble | undefined> {
  if ('location' in source) return findContent(source.location, io);
  return (await io.files.stat(source.path)) ? undefined : pathFirst(source.path);
}
