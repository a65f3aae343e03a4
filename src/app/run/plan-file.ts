import { resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Plan } from '../../engine/model/plan.ts';
import { datedPlanJson } from '../../engine/plan/plan-json.ts';
import type { Context } from '../app-context.ts';

/**
 * Whether a file's top key is `converge_plan`. Looks at the beginning only: it may be any file, of any size.
 */
export async function isPlan({ io }: Context, name: string): Promise<boolean> {
  const { files, cwd } = io.host;
  const path = resolve(cwd, name);
  if ((await files.stat(path))?.kind !== 'file') return false;
  const file = await files.open(path, 'r');
  const start = Buffer.alloc(200);
  try {
    return /^\s*\{\s*"converge_plan"\s*:/.test(start.toString('latin1', 0, await file?.read(start, 0)));
  } finally {
    await file?.close();
  }
}

/** Throws a Failure (given) when there is no plan in the file, or one that is damaged or newer. */
export async function readPlan(context: Context, name: string): Promise<Plan> {
  const { files, cwd } = context.io.host;
  const bytes = (await isPlan(context, name)) ? await files.read(resolve(cwd, name)) : undefined;
  if (bytes) {
    // Brings a validator of its own, which most commands never need.
    const { parsePlan } = await import('../../engine/plan/plan-file.ts');
    return parsePlan(bytes.toString('utf8'), name);
  }
  const there = await files.stat(resolve(cwd, name));
  throw new Failure(
    given('no-plan', there ? `${name} is not a plan` : `${name} isn't there`, {
      hint: 'name a file that `converge plan -o FILE` wrote',
    }),
  );
}

/** Whole, or the file stays as it is. */
export const writePlan = ({ io: { host } }: Context, plan: Plan, name: string): Promise<void> =>
  host.files.writeAtomic(resolve(host.cwd, name), Buffer.from(datedPlanJson(plan)));
