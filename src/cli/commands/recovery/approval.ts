import type { Approval } from '../../../app/approval.ts';
import type { CliContext } from '../../context/cli-context.ts';

/**
 * Who approves a command of recovery: `--yes`, somebody at a terminal, or nobody, which is a no.
 *
 * @param question about what is about to be done
 */
export function approvalOf<About>(
  { io: { ask, stdout, host, interrupt } }: CliContext,
  yes: boolean | undefined,
  question: (about: About) => string,
): Approval<About> {
  if (yes) return 'given';
  if (!ask || !stdout.isTTY || host.env.CI) return 'nobody';
  return async about => {
    const answer = await ask(question(about));
    interrupt.throwIfAborted();
    return /^\s*y(es)?\s*$/i.test(answer ?? '');
  };
}
