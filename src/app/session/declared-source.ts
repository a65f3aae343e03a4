import { join, resolve } from 'node:path';
import { memoryFiles } from '../../io/memory-files.ts';
import type { FileHandle } from '../../io/ports.ts';
import type { DeclaredHere } from '../../recovery/bundle/declared-bundles.ts';
import { PLAN_SOURCE } from '../../replication/model/clients.ts';

/** Whether it is made of the manifests as a whole: no path begins so. */
export const isDeclaredSource = (path: string): boolean => path.startsWith(PLAN_SOURCE);

/** What the manifests of a run say about a recovery plan, open. Undefined where the run wasn't given them. */
export async function declaredSource(
  declared: DeclaredHere | undefined,
  path: string,
): Promise<FileHandle | undefined> {
  // Loaded for those few that have a plan.
  const { planSays } = await import('../../recovery/bundle/declared-bundles.ts');
  const says = planSays(declared, path.slice(PLAN_SOURCE.length));
  const root = resolve('/');
  return says && memoryFiles(root, new Map([['says', says]])).open(join(root, 'says'), 'r');
}
