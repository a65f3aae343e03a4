import { resolve } from 'node:path';
import type { Context } from '../app-context.ts';
import { type ConvergeSelfOptions, convergeSelf } from './converge-self.ts';
import type { SelfRun } from './instance-report.ts';
import { logRun } from './log-run.ts';
import { openSelf, type Self } from './open-self.ts';

/** `converge apply --self URL`. Gives the exit code. */
export async function applySelf(
  context: Context,
  url: string,
  options: ConvergeSelfOptions,
): Promise<number> {
  const self = await openSelf(context, url, options);
  try {
    return await loggedRun(context, self, options, { trigger: 'apply' });
  } finally {
    await self.close();
  }
}

/** One run whose every word is in the log, refusals too. */
export async function loggedRun(
  context: Context,
  self: Self,
  options: ConvergeSelfOptions,
  run: SelfRun,
): Promise<number> {
  const { cwd } = context.io.host;
  const path = options.log === undefined ? self.places.log : resolve(cwd, options.log);
  const log = await logRun(context.io.host.files, path);
  log.append(`--- ${new Date(self.clock.now()).toISOString()} ${run.trigger} --self ${self.bucket.url}\n`);
  try {
    const code = await convergeSelf(context, self, options, run, log.append);
    log.append(`--- exit code ${code}\n`);
    return code;
  } catch (error) {
    // Another run holds the lock: whoever called says so, or waits for its turn.
    log.append(`--- ${(error as Error).message}\n`);
    throw error;
  } finally {
    await log.close();
    const trouble = log.trouble();
    if (trouble !== undefined) context.reporter.notice({ type: 'no-log', why: trouble });
  }
}
