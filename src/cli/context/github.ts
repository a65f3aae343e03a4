import { relative, resolve } from 'node:path';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Lines } from '../../diagnostics/lines.ts';
import type { Plan } from '../../engine/model/plan.ts';
import type { Redactor } from '../../engine/model/redact.ts';
import { annotateChanges, annotateDiagnostics } from '../../engine/render/github.ts';
import { renderMarkdown } from '../../engine/render/markdown.ts';
import type { Host } from '../../io/ports.ts';
import type { TerminalIo } from '../text/cli-io.ts';
import type { Text } from '../text/open-text.ts';

/** Mistakes beside the lines they are about; the runner reads stderr like stdout. */
export const mistakesForGithub = (host: Host, diagnostics: readonly Diagnostic[]): Lines =>
  annotateDiagnostics(diagnostics, fileName(host));

/** The changes as annotations to stdout, and the Markdown to the step's summary. */
export async function tellGithub(
  context: Pick<Text, 'print'> & { io: TerminalIo; redactor: Redactor },
  plan: Plan,
  diagnostics: readonly Diagnostic[],
): Promise<void> {
  const { env, cwd, files } = context.io.host;
  context.print(annotateChanges(plan, fileName(context.io.host)));
  const summary = env.GITHUB_STEP_SUMMARY;
  if (summary === undefined || summary === '') return;
  const path = resolve(cwd, summary);
  const before = (await files.read(path)) ?? Buffer.alloc(0);
  const text = context.redactor.text(renderMarkdown(plan, { diagnostics }));
  await files.writeAtomic(path, Buffer.concat([before, Buffer.from(`${text}\n`)]));
}

/** Relative to the repository that was checked out, which may be above the working directory. */
const fileName =
  ({ env, cwd }: Host) =>
  (file: string): string => {
    const path = relative(env.GITHUB_WORKSPACE ?? cwd, resolve(cwd, file));
    return path.startsWith('..') ? file : path.replaceAll('\\', '/');
  };
