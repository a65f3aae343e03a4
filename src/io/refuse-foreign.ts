import { type Diagnostic, Failure, given } from '../diagnostics/diagnostic.ts';
import { isForeign, whyNotOwn } from './handles/owner.ts';
import type { ReadFiles } from './ports.ts';

/**
 * Throws a Failure (given) that names each of `paths` that others than root and whoever runs this own or can
 * change. What isn't there is fine; of a link, what it leads to counts as well. Windows tells no owners here.
 * @param hint the way out, where it isn't only another owner
 */
export async function refuseForeign(
  files: ReadFiles,
  paths: readonly string[],
  hint?: string,
): Promise<void> {
  const wrong: Diagnostic[] = [];
  for (const path of paths) {
    let stat = await files.stat(path);
    if (stat?.kind === 'symlink' && !isForeign(stat.uid)) stat = await files.stat(`${path}/.`);
    const why = stat && whyNotOwn(stat);
    if (why === undefined) continue;
    const way = `chown root ${path} && chmod go-w ${path}, once you know who made it`;
    const message = `${path} is not trusted: ${why}, who could have converge remove or keep what they like`;
    wrong.push(given('state-not-safe', message, { hint: hint === undefined ? way : `${hint}; or ${way}` }));
  }
  if (wrong.length > 0) throw new Failure(wrong);
}
