import type { Location } from '../../../content/content.ts';
import { isPassing } from '../../../content/http-failures.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { SourceTrouble } from '../../../engine/model/resource-type.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';

/**
 * Asks for content with the request that would fetch it, and ends it when the answer begins: a HEAD may be
 * refused where a GET is allowed, as by a URL that is signed for one. Rejects with a Failure when it can't be
 * had.
 */
export async function findContent(location: Location, io: ReadIo): Promise<SourceTrouble | undefined> {
  try {
    const content = await io.client('content');
    const found = await content.open(location, { signal: io.signal });
    if (found !== 'unchanged') found.close();
    return undefined;
  } catch (error) {
    if (!isPassing(error)) throw error;
    return { state: 'doubtful', diagnostic: oneDiagnostic(error) };
  }
}
