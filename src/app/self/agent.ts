import { Failure } from '../../diagnostics/diagnostic.ts';
import { underEither } from '../../io/either.ts';
import { readInstanceState } from '../../masterless/instance/instance-state.ts';
import { type Job, runJobs } from '../../masterless/instance/jobs.ts';
import { turnFor } from '../../masterless/rollout/whose-turn.ts';
import type { S3Url } from '../../values/s3-url.ts';
import type { AppIo, Context } from '../app-context.ts';
import { contentUrl } from '../masterless/content-bucket.ts';
import { loggedRun } from './apply-self.ts';
import type { ConvergeSelfOptions } from './converge-self.ts';
import { lookAt } from './look-for-content.ts';
import { openSelf } from './open-self.ts';

export interface AgentOptions extends ConvergeSelfOptions {
  onlyRollouts?: boolean;
}

/** Runs until SIGTERM or Ctrl-C, which is its good end. */
export async function runAgent(
  context: Context,
  url: string,
  options: AgentOptions & { every: number },
): Promise<void> {
  // Wrong now is wrong for ever: no later turn makes it right.
  const place = contentUrl(url);
  const { interrupt, host } = context.io;
  const agent: Context = { ...context, io: withOneListener(context.io) };
  const self: Job = {
    name: 'self',
    every: options.every,
    async turn() {
      // One of its own, so that what a turn listens for goes with it.
      const code = await underEither([interrupt], one =>
        lookOnce({ ...agent, io: { ...agent.io, interrupt: one } }, { url, place }, options),
      );
      return code === 'yielded' ? 'yielded' : code === 0 ? 'done' : 'failed';
    },
  };
  context.reporter.notice({ type: 'agent-looks', url });
  await runJobs([self], {
    clock: host.clock,
    random: host.random,
    signal: interrupt,
    rejected: (_, error) => {
      if (error instanceof Failure) context.reporter.diagnostics(error.diagnostics);
      else context.reporter.notice({ type: 'agent-turn-failed', why: (error as Error).message });
    },
  });
  context.reporter.notice({ type: 'agent-ended' });
}

/** Codes of refusals that mean that somebody else is at work. */
const busy = ['locked', 'lab-in-use'] as const;

/**
 * Looks once, and applies if it is time. Gives the exit code, 0 when there was nothing to do; `yielded` when
 * another run has the machine, which an agent leaves alone.
 */
export const agentOnce = async (
  context: Context,
  url: string,
  options: AgentOptions,
): Promise<number | 'yielded'> => lookOnce(context, { url, place: contentUrl(url) }, options);

/** @param where.url as written, for messages */
async function lookOnce(
  context: Context,
  { url, place }: { url: string; place: S3Url },
  options: AgentOptions,
): Promise<number | 'yielded'> {
  try {
    const self = await openSelf(context, place, options);
    try {
      const { files } = context.io.host;
      const { offered, rollout } = await lookAt(self, files, options.insecureUnsigned === true);
      const { applied, rollout: rolloutDone } = await readInstanceState(files, self.stateDir);
      if (offered === undefined)
        context.reporter.notice({ type: 'agent-finds-nothing', url, environment: self.environment });
      const turn = turnFor({
        instance: self.instance,
        offered,
        applied,
        rollout,
        rolloutDone,
        onlyRollouts: options.onlyRollouts === true,
      });
      if (turn === undefined) return 0;
      const { rollout: id } = turn === 'new-content' ? { rollout: undefined } : turn;
      return await loggedRun(context, self, options, { trigger: 'agent', rollout: id });
    } finally {
      await self.close();
    }
  } catch (error) {
    if (!(error instanceof Failure) || !error.hasOnly(...busy)) throw error;
    context.reporter.notice({ type: 'agent-yields', why: error.diagnostics[0]!.message });
    return 'yielded';
  }
}

/** Each run hears of errors that nobody waited for; the process gets one listener for all of them. */
function withOneListener(io: AppIo): AppIo {
  if (!io.strays) return io;
  let hear: ((error: unknown) => void) | undefined;
  io.strays(error => hear?.(error));
  return {
    ...io,
    strays: listener => {
      hear = listener;
    },
  };
}
