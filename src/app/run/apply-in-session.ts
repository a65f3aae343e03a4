import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { apply as applyPlan } from '../../engine/apply/apply.ts';
import { HostLock } from '../../engine/apply/host-lock.ts';
import { agentKey, membersKey, selectedKey, wentByFile } from '../../engine/guard/agent-key.ts';
import { guardOf, guardsOf, overBudget, requireKnown } from '../../engine/guard/guards.ts';
import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { RunContent, RunReport } from '../../engine/model/events.ts';
import { isPending, type Plan } from '../../engine/model/plan.ts';
import type { Run } from '../../engine/model/run.ts';
import { type EngineMemory, type Forgotten, forgottenKey } from '../../engine/model/world.ts';
import { requireDigest } from '../../engine/plan/plan-digest.ts';
import { recheck } from '../../engine/plan/recheck.ts';
import { exitCode } from '../../engine/report/exit-code.ts';
import { writeReport } from '../../engine/report/report.ts';
import type { Context } from '../app-context.ts';
import type { RunReporter } from '../reporter.ts';
import type { Session, SessionOptions } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';

/** What to apply: manifests to plan now, or a plan that was made before. */
export type Source = {
  targets: CatalogTarget[];
  /** What the manifests say in all; of a saved plan what it holds of them. */
  declared?: SessionOptions['declared'];
  /** Whether anything of it is on this host. */
  isHere: boolean;
  platform?: NodeJS.Platform | undefined;
  plan(run: Run): Promise<Plan>;
};

export interface RunOptions {
  noop?: boolean;
  digest?: string;
  allow?: string[];
  detailedExitcodes?: boolean;
}

/** Whether the changes of a plan that was just shown may be made. Asked before anything is changed. */
export type Approve = (plan: Plan) => Promise<boolean>;

/** How a run ended. */
export interface Applied {
  /** Exit code. */
  code: number;
  /** Undefined when the changes were not approved: then nothing was done. */
  report?: RunReport;
  diagnostics: Diagnostic[];
}

export interface Given {
  /** What the run report says about content that didn't come from this machine. */
  content?: RunContent;
  /** Asked when something would change; left out for what needs no approval. */
  approve?: Approve;
  /** Held already, and for the whole of a run that is more than this. */
  host?: HostLock;
}

/**
 * Plans, shows, has it approved, applies and reports. While somebody is asked no lock is held: after it was
 * taken, whatever the plan touches is looked at again. Throws a Failure when that has changed.
 */
export async function applyInSession(
  session: Session,
  context: Context,
  source: Source,
  options: RunOptions,
  given: Given = {},
): Promise<Applied> {
  const reporter = await context.reporter.run(() => session.world.host.clock.now());
  const host = given.host ?? new HostLock(session.world.locks, context.io.interrupt);
  try {
    return await applyTold(session, context, source, options, { ...given, host }, reporter);
  } finally {
    await host.giveBack();
    await reporter.close();
  }
}

async function applyTold(
  session: Session,
  context: Context,
  source: Source,
  { noop = false, allow: allowed = [], digest, detailedExitcodes: detailed = false }: RunOptions,
  { content, approve, host }: Given & { host: HostLock },
  reporter: RunReporter,
): Promise<Applied> {
  const { interrupt } = context.io;
  const begin = async (): Promise<Run> => {
    if (source.isHere && !noop) await host.hold();
    await session.remember();
    return runOf(context, session, reporter.event);
  };
  let run = approve ? runOf(context, session, reporter.event) : await begin();
  const plan = await source.plan(run);
  reporter.plan(plan);
  // What an agent holds on to may be gone from the manifests: the plan can't know it.
  const held = await heldByAgent(run.world.memory.engine, allowed, async () => {
    const went = await context.io.host.files.stat(wentByFile(session.stateDir));
    return went !== undefined;
  });
  const allow = allowed.filter(one => !held.includes(one) || plan.resources.some(of => of.address === one));
  if (digest !== undefined) requireDigest(plan, digest);
  const asked = approve !== undefined && changesSomething(plan, allow);
  if (asked) {
    requireKnown(plan, allow);
    context.reporter.diagnostics(plan.diagnostics);
    if (!(await approve(plan))) return { code: declined, diagnostics: plan.diagnostics };
  }
  if (asked) {
    run = await begin();
    await recheck(plan, run);
  }
  reporter.begin(plan);
  const done = await applyPlan(plan, run, { noop, allow, host }).finally(reporter.settled);
  if (!noop) await letGo(run.world.memory.engine, held);
  const report: RunReport = { ...done, ...(content && { content }) };
  const unwritten = await reportTrouble(writeReport(context.io.host.files, session.stateDir, report));
  // What a guard would hold back is said by a run that does nothing, too.
  const guards = noop ? guardsOf(plan, allow) : [];
  const found = [...guards, ...failures(report), ...unwritten];
  const diagnostics = [...plan.diagnostics, ...found];
  const isTold = ({ code, message }: Diagnostic) =>
    asked && plan.diagnostics.some(one => one.code === code && one.message === message);
  context.reporter.diagnostics(diagnostics.filter(one => !isTold(one)));
  await reporter.result({ plan, report, diagnostics });
  const interrupted = report.interrupted && { interrupted: interrupt.reason as 'SIGINT' | 'SIGTERM' };
  const code = exitCode({ plan, report, diagnostics: [...guards, ...unwritten], detailed, ...interrupted });
  return { code, report, diagnostics };
}

/**
 * Addresses among those that are allowed for which an agent goes by what was declared before. Where that was
 * forgotten any VM may be one, if an agent has gone by anything at all.
 */
async function heldByAgent(
  memory: EngineMemory,
  allowed: readonly string[],
  wentBefore: () => Promise<boolean>,
): Promise<string[]> {
  const isForgotten = memory.get(forgottenKey) !== undefined && (await wentBefore());
  return allowed.filter(
    address =>
      memory.get(agentKey(address)) !== undefined || (isForgotten && address.startsWith('protected_vm:')),
  );
}

/** From now on the agent goes by the manifests for them. */
async function letGo(memory: EngineMemory, addresses: readonly string[]): Promise<void> {
  const forgotten = memory.get(forgottenKey) as Forgotten | undefined;
  if (forgotten !== undefined && addresses.length > 0)
    await memory.set(forgottenKey, [...new Set([...(forgotten === 'new' ? [] : forgotten), ...addresses])]);
  for (const key of addresses.flatMap(address =>
    [agentKey, selectedKey, membersKey].map(keyOf => keyOf(address)),
  ))
    await memory.set(key, undefined);
}

/** What was done is told all the same, and that nothing keeps it. */
async function reportTrouble(written: Promise<unknown>): Promise<Diagnostic[]> {
  try {
    await written;
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics;
  }
}

/** Exit code, as for whatever else is held back. */
const declined = 8;

/** Whether applying it now would do anything: what guards, budget and windows hold back isn't asked about. */
const changesSomething = (plan: Plan, allow: readonly string[]): boolean =>
  overBudget(plan).length === 0 &&
  plan.resources.some(one => isPending(one) && !one.held && !guardOf(one, allow));

const failures = (report: RunReport) =>
  report.results.flatMap(({ diagnostic }) => diagnostic ?? []).concat(report.diagnostics);
