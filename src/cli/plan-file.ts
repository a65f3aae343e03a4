import { resolve } from 'node:path';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { Plan } from '../engine/plan.ts';
import { isPlanText, parsePlan } from '../engine/plan-file.ts';
import type { Context } from './context.ts';

/** The plan in a file, by its top key `converge_plan`; undefined when it is none. Throws a Failure (given) for a bad one. */
export async function readPlan({ io }: Context, path: string): Promise<Plan | undefined> {
  const { files, cwd } = io.host;
  const file = resolve(cwd, path);
  if ((await files.stat(file))?.kind !== 'file') return undefined;
  const text = (await files.read(file))?.toString('utf8') ?? '';
  return isPlanText(text) ? parsePlan(text, path) : undefined;
}

/** Like `readPlan`, where nothing else will do. */
export async function requirePlan(context: Context, path: string): Promise<Plan> {
  const plan = await readPlan(context, path);
  if (plan) return plan;
  throw new Failure(
    given('no-plan', `${path} is no plan`, { hint: 'name a file that `converge plan -o FILE` wrote' }),
  );
}
