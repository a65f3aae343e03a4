import type { AgentOptions } from '../../../app/operation/agent/agent.ts';
import type { Moved } from '../../../app/operation/agent/move-duty.ts';
import type { Heard } from '../../../app/operation/agent/telling.ts';
import type { QueueOptions } from '../../../app/operation/queue/open-queue.ts';
import type { ServeOptions } from '../../../app/operation/surface/open.ts';
import type { CommonOptions } from '../../../app/options.ts';
import { apart, type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { serviceManager } from '../../../io/service/service-manager.ts';
import { plural, span } from '../../../io/units.ts';
import { describeCycle } from '../../../resources/vsphere/describe-cycle.ts';
import type { CliContext } from '../../context/cli-context.ts';
import { waitingText } from '../../text/waiting.ts';
import { type LogOptions, logLine } from './agent-log.ts';
import { pageLines } from './open.ts';
import { SharedCauses } from './shared-causes.ts';
import { slotsOf } from './slots.ts';

type Options = CommonOptions &
  ServeOptions &
  LogOptions &
  Partial<QueueOptions> & { once?: boolean; slots: string };

/** In the place of PATHS: end the agent with this state folder. */
const DRAIN = 'drain';

/** `converge agent PATHS`, with `--once`, or `converge agent drain`. Gives the exit code. */
export async function agentOfPaths(context: CliContext, paths: string[], options: Options): Promise<number> {
  if (paths[0] === DRAIN) return drain(context, paths, options);
  const given_ = { ...options, slots: slotsOf(options.slots) };
  return options.once ? once(context, paths, given_) : goOn(context, paths, given_);
}

async function drain(context: CliContext, paths: string[], options: Options): Promise<number> {
  if (paths.length > 1)
    throw new Failure(
      given('agent-mixed', 'drain ends the agent of a state folder, and takes no PATHS', {
        hint: `name it with --state; a folder of manifests that is called ${DRAIN} is ./${DRAIN}`,
      }),
    );
  const { drainAgent } = await import('../../../app/operation/agent/drain.ts');
  const wasThere = await drainAgent(context, options);
  context.print([wasThere ? 'the agent has ended' : 'no agent runs with this state folder']);
  return 0;
}

async function once(
  context: CliContext,
  paths: string[],
  options: AgentOptions & LogOptions,
): Promise<number> {
  const { agentOnce } = await import('../../../app/operation/agent/agent-once.ts');
  const tell = teller(context, options);
  const turn = await agentOnce(context, paths, options, tell);
  if (!turn) return 1;
  if (turn.diagnostics.length > 0) tell({ type: 'unseen', diagnostics: turn.diagnostics });
  const failed = turn.moved.flatMap(one => ('diagnostics' in one ? one.diagnostics : []));
  return turn.isBroken ? 1 : exitCode({ diagnostics: elsewhere([...turn.diagnostics, ...failed]) });
}

/** `converge worker PATHS`. Gives the exit code. */
export async function workerOfPaths(
  context: CliContext,
  paths: string[],
  options: CommonOptions & QueueOptions & LogOptions & { slots: string },
): Promise<number> {
  const { worker } = await import('../../../app/operation/agent/worker.ts');
  const manager = serviceManager(context.io.host);
  const turned = () => manager?.alive();
  const given_ = { ...options, slots: slotsOf(options.slots), turned };
  const tell = teller(context, options);
  const ended = await worker(context, paths, given_, heard => {
    tell(heard);
    if (heard.type === 'works')
      void manager?.ready(`taking from the queue, ${plural(heard.vms, 'VM')} known`);
  });
  await manager?.stopping();
  return ended === undefined ? 1 : 0;
}

async function goOn(
  context: CliContext,
  paths: string[],
  options: AgentOptions & ServeOptions & LogOptions,
): Promise<number> {
  const { agent } = await import('../../../app/operation/agent/agent.ts');
  const tell = teller(context, options);
  const manager = serviceManager(context.io.host);
  const turned = () => manager?.alive();
  const serve: AgentOptions['serve'] = async (within, operation) => {
    const { servePages } = await import('../../../app/operation/surface/open.ts');
    const served = await servePages(within, { ...options, paths }, operation);
    // Where lines are JSON, those for people are on stderr.
    (options.logFormat === 'json' ? context.say : context.print)(pageLines(served.link, options));
    return served;
  };
  const given_ = { ...options, turned, ...(options.listen !== undefined && { serve }) };
  const ended = await agent(context, paths, given_, heard => {
    tell(heard);
    if (heard.type === 'begins') void manager?.ready(`looking after ${plural(heard.vms, 'VM')}`);
  });
  await manager?.stopping();
  return ended === undefined ? 1 : 0;
}

function teller(context: CliContext, { logFormat }: LogOptions): (heard: Heard) => void {
  const causes = new SharedCauses();
  return logFormat === 'json'
    ? heard => context.printJson(logLine(heard, context.io.host.clock.now()))
    : heard => tell(context, heard, causes);
}

function told(context: CliContext, cycle: string, moved: Moved, causes: SharedCauses): void {
  if ('cycle' in moved) {
    causes.over(moved.vm);
    context.print([`${moved.vm}: ${describeCycle(moved.cycle)}; cycle ${cycle}`]);
    context.report(moved.cycle.warnings);
  } else if ('paused' in moved) context.print([`${moved.vm}: due, and paused`]);
  else if ('undone' in moved) context.print([`${moved.vm}: interrupted, and undone; cycle ${cycle}`]);
  else if ('diagnostics' in moved) {
    const first = causes.firstOf(moved.vm, moved.diagnostics);
    const why = first === undefined ? '' : `, for the same cause as ${first}`;
    const came =
      moved.made === undefined ? 'no point was made' : `point ${moved.made}, and something is wrong`;
    context.print([`${moved.vm}: ${came}${why}; cycle ${cycle}`]);
    if (first === undefined) context.report(moved.diagnostics);
  }
}

function tell(context: CliContext, heard: Heard, causes: SharedCauses): void {
  switch (heard.type) {
    case 'begins': {
      const { vms, slots, now, next } = heard;
      const when =
        next === undefined
          ? 'none is due'
          : next <= now
            ? 'the first is due now'
            : `the first is due in ${span(next - now)}`;
      context.print([`looking after ${plural(vms, 'VM')}, ${plural(slots, 'cycle')} at once; ${when}`]);
      return;
    }
    case 'moves':
      return;
    case 'moved':
      if (!heard.again) told(context, heard.cycle, heard.moved, causes);
      return;
    case 'unseen':
      context.report(elsewhere(heard.diagnostics));
      return;
    case 'broken':
      context.report(heard.diagnostics);
      context.print([
        heard.isEnd
          ? 'the manifests can not be used, and the agent ends'
          : 'the manifests can not be used: the agent goes by the last that could',
      ]);
      return;
    case 'taken-up':
      context.print([`the manifests changed: looking after ${plural(heard.vms, 'VM')}`]);
      return;
    case 'held':
      context.print(
        heard.held.length === 0
          ? ['the manifests protect no less any more than what the agent goes by']
          : heard.held.map(
              ({ address, why }) =>
                `${address} protects less than before, and goes on as it was until \`apply --allow ${address}\`: ${why.join('; ')}`,
            ),
      );
      return;
    case 'job': {
      const { job, subject, found, outcome, diagnostics } = heard.done;
      context.report(diagnostics);
      if (outcome !== undefined) context.print([outcome]);
      else if (found > 0)
        context.print([`${job}${subject === undefined ? '' : ` ${subject}`}: ${found} found`]);
      return;
    }
    case 'works': {
      const { vms, slots } = heard;
      context.print([`taking from the queue, ${plural(slots, 'cycle')} at once; ${plural(vms, 'VM')} known`]);
      return;
    }
    case 'queue':
      context.report(heard.why);
      context.print([
        heard.why.length === 0
          ? 'the queue is back'
          : heard.alone
            ? 'until the queue is back, what is due is moved in the slots here alone'
            : 'until the queue is back, nothing is taken from it',
      ]);
      return;
    case 'waits':
      context.print([waitingText(heard)]);
      return;
    case 'job-failed':
      context.report(heard.diagnostics);
      return;
    case 'ended':
      context.print([heard.how === 'drained' ? 'ended after its cycles' : 'ended']);
  }
}

/** What turned out to be wrong of one VM stopped no other, and isn't wrong with what was asked. */
const elsewhere = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  apart([...diagnostics]).map(one =>
    one.category === 'given' ? { ...one, category: 'world' as const } : one,
  );
