import { resolve } from 'node:path';
import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { guardsOf, requireKnown } from '../../engine/guard/guards.ts';
import type { Plan } from '../../engine/model/plan.ts';
import { startRun } from '../../engine/model/run.ts';
import { plan as makePlan } from '../../engine/plan/planner.ts';
import { recordedWorld } from '../../engine/record/recorded-world.ts';
import { type Recording, recordedMembers, replay } from '../../engine/record/recording.ts';
import { parseRecording } from '../../engine/record/recording-file.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, SelectOptions } from '../options.ts';
import { declaredSource, isDeclaredSource } from '../session/declared-source.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { version } from '../version.ts';
import { writePlan } from './plan-file.ts';

export interface PlanOptions extends CommonOptions, SelectOptions {
  /** Also written there, as JSON. */
  output?: string;
  /** A recording to plan from, in the place of the world: no target or secret is touched. */
  observed?: string;
  /** Addresses that may weaken protection. */
  allow?: string[];
}

export interface Planned {
  plan: Plan;
  /** What guards would hold back. */
  guards: Diagnostic[];
}

/** What apply would change; changes nothing. Undefined when the manifests have mistakes, which were told. */
export async function planManifests(
  context: Context,
  paths: string[],
  options: PlanOptions,
): Promise<Planned | undefined> {
  const { observed, output, allow = [] } = options;
  const plan = await (observed === undefined
    ? planOnline(context, paths, options)
    : planOffline(context, paths, options, observed));
  if (!plan) return undefined;
  if (output !== undefined) {
    await writePlan(context, plan, output);
    context.reporter.notice({ type: 'plan-written', file: output });
  }
  requireKnown(plan, allow);
  return { plan, guards: guardsOf(plan, allow) };
}

async function planOnline(
  context: Context,
  paths: string[],
  options: PlanOptions,
): Promise<Plan | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const session = await openSession(context, options, {
    targets: catalog.targets,
    platform: catalog.platform,
    declared: catalog,
  });
  try {
    return await makePlan(catalog, runOf(context, session), { engine: version, ...options });
  } finally {
    await session.close();
  }
}

/** The manifests are read for the host that was observed, which may be of another platform than this one. */
async function planOffline(
  context: Context,
  paths: string[],
  options: PlanOptions,
  observed: string,
): Promise<Plan | undefined> {
  const { host } = context.io;
  const recording = await readRecording(context, observed);
  const { platform } = recording.where;
  const there: Context = { ...context, io: { ...context.io, host: { ...host, platform } } };
  const catalog = await loadCatalog(there, paths, options);
  if (!catalog) return undefined;
  const world = recordedWorld(recording, host, path =>
    isDeclaredSource(path) ? declaredSource(catalog, path) : host.files.open(resolve(host.cwd, path), 'r'),
  );
  const run = startRun({ registry: there.registry, world, signal: context.io.interrupt });
  return makePlan(catalog, run, {
    engine: version,
    ...(options.only && { only: options.only }),
    ...(options.except && { except: options.except }),
    observe: replay(recording, observed, catalog.targets),
    // A recording holds what is declared.
    leftovers: false,
    members: recordedMembers(recording, observed),
  });
}

async function readRecording({ io }: Context, observed: string): Promise<Recording> {
  const text = await io.host.files.read(resolve(io.host.cwd, observed));
  if (text) return parseRecording(text.toString('utf8'), observed);
  throw new Failure(
    given('bad-observations', `${observed} isn't there`, {
      hint: 'make it with `converge observe PATHS -o FILE`',
    }),
  );
}
