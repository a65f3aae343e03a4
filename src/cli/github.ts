import { relative, resolve } from 'node:path';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Plan } from '../engine/plan.ts';
import { renderAnnotations } from '../engine/render/github.ts';
import { renderMarkdown } from '../engine/render/markdown.ts';
import type { Context } from './context.ts';

/** Whether this runs in a step of GitHub Actions, whose runner sets the variable in each. */
export const inGithubActions = ({ io }: Context): boolean => io.host.env.GITHUB_ACTIONS === 'true';

/** Annotations to stdout, where the runner reads them, and the Markdown to the step's summary. */
export async function tellGithub(
  context: Context,
  plan: Plan,
  diagnostics: readonly Diagnostic[],
): Promise<void> {
  const { env, cwd, files } = context.io.host;
  const root = env.GITHUB_WORKSPACE ?? cwd;
  const fileName = (file: string): string => {
    const path = relative(root, resolve(cwd, file));
    return path.startsWith('..') ? file : path.replaceAll('\\', '/');
  };
  context.print(renderAnnotations(plan, { diagnostics, fileName }));
  const summary = env.GITHUB_STEP_SUMMARY;
  if (summary === undefined || summary === '') return;
  const before = (await files.read(resolve(cwd, summary))) ?? Buffer.alloc(0);
  const text = renderMarkdown(plan, { diagnostics });
  await files.writeAtomic(resolve(cwd, summary), Buffer.concat([before, Buffer.from(`${text}\n`)]));
}
