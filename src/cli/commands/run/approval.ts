import type { Approve } from '../../../app/run/apply-in-session.ts';
import { isPending } from '../../../engine/model/plan.ts';
import { plural } from '../../../io/units.ts';
import type { TerminalIo } from '../../text/cli-io.ts';

/**
 * How whoever sits at the terminal is asked, below the plan that is on it; undefined where nobody is: in
 * pipes, CI and hooks. The end of the input is a no. Rejects when interrupted.
 */
export function approvalOf({ ask, stdout, host, interrupt }: TerminalIo, yes = false): Approve | undefined {
  if (yes || !ask || !stdout.isTTY || host.env.CI) return undefined;
  return async ({ resources }) => {
    const answer = await ask(`Make ${plural(resources.filter(isPending).length, 'change')}? [y/N] `);
    interrupt.throwIfAborted();
    return /^\s*y(es)?\s*$/i.test(answer ?? '');
  };
}
