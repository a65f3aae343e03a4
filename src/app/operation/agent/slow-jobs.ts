import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { isPending } from '../../../engine/model/plan.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { hasPassed } from '../../../io/until.ts';
import type { Job } from '../../../masterless/instance/jobs.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { ALL, failoverCleanup } from '../../recovery/failover-status.ts';
import { type Pruned, prune } from '../../repository/prune.ts';
import { planManifests } from '../../run/plan-manifests.ts';
import type { Site, View } from '../site/site.ts';
import { rehearseDue } from './rehearse-due.ts';

const hour = 3_600_000;

/** How often each slow job is done, ms. */
const often = {
  verify: 24 * hour,
  prune: 24 * hour,
  drift: 6 * hour,
  cleanup: hour / 4,
  rehearsal: hour / 4,
};

/** Those that are not put off when they were never done: they look at what somebody may wait for. */
const atOnce = new Set<JobDone['job']>(['cleanup', 'rehearsal']);

/** Of the bytes of all packs; with one turn a day all of them are read in a month. */
const sample = { percent: 4 };

/** What a slow job found, for whoever tells of it. */
export interface JobDone {
  job: 'verify' | 'prune' | 'drift' | 'cleanup' | 'rehearsal';
  /** The repository or the recovery plan, where it is about one. */
  subject?: string;
  at: number;
  /** What came of it, as a sentence without its full stop. */
  outcome?: string;
  /** How many things are wrong, or differ. */
  found: number;
  diagnostics: Diagnostic[];
}

export interface SlowJobs {
  context: Context;
  paths: string[];
  options: CommonOptions;
  /** As things are now; they change with the manifests. */
  site(): Site;
  /** Remembers when each was last done, so that a restart doesn't begin all of them. */
  memory(): EngineMemory;
  /** Nothing is begun any more. */
  draining(): boolean;
  done(what: JobDone): void;
}

/**
 * What an agent does beside its cycles, one at a time: it reads a sample of each repository, removes what
 * no retention keeps, plans what manifests say against what is there, rehearses the recovery plans that are
 * due, and cleans up tests whose time is over.
 */
export function slowJobs(given: SlowJobs): Job[] {
  const { site, draining } = given;
  const quiet: Context = {
    ...given.context,
    reporter: { ...given.context.reporter, diagnostics() {}, notice() {} },
  };
  const job = (kind: JobDone['job'], turn: () => Promise<void>): Job => ({
    name: kind,
    every: often[kind],
    first: firstTurn(given, kind),
    async turn() {
      if (draining()) return 'yielded';
      await turn();
      await given.memory().set(jobKey(kind), clockOf(site()).now());
      return 'done';
    },
  });
  /** When each repository was verified, for those that are tried again alone. */
  const verified = new Map<string, number>();
  const verifyAll = async () => {
    const failures: Diagnostic[] = [];
    for (const [url, view] of site().views)
      try {
        const clock = clockOf(site());
        const last = verified.get(url) ?? Number.NEGATIVE_INFINITY;
        if (!hasPassed(often.verify / 2, last, clock.now())) continue;
        await verifyOne(given, view);
        verified.set(url, clock.now());
      } catch (error) {
        // One that can't be read keeps nobody from reading the others.
        if (!(error instanceof Failure)) throw error;
        failures.push(...error.diagnostics);
      }
    if (failures.length > 0) throw new Failure(failures);
  };
  return [
    job('verify', verifyAll),
    job('prune', () => pruneAll(given, quiet)),
    job('drift', () => drift(given, quiet)),
    job('cleanup', () => cleanUp(given, quiet)),
    job('rehearsal', () => rehearse(given, quiet)),
  ];
}

const clockOf = ({ session }: Site) => session.world.host.clock;

/**
 * Milliseconds until it is due for the first time. One that was never done is put off once, and not by each
 * restart anew.
 */
function firstTurn({ memory, site }: SlowJobs, kind: JobDone['job']): number {
  const last = memory().get(jobKey(kind));
  const every = often[kind];
  const now = clockOf(site()).now();
  if (typeof last === 'number') return Math.max(0, every - Math.max(0, now - last));
  if (atOnce.has(kind)) return 60_000;
  // What can't be kept now is put off once more by the next start.
  memory()
    .set(jobKey(kind), now)
    .catch(() => {});
  return every;
}

/** When it was last done, or put off for the first time. */
const jobKey = (kind: JobDone['job']): string => `agent-job:${kind}`;

async function verifyOne({ context, site, done }: SlowJobs, { repository, ref }: View): Promise<void> {
  if (!repository) return;
  const { verify } = await import('../../../replication/verify/verify.ts');
  const known = await site().session.reach.known.at(ref.url);
  const at = clockOf(site()).now();
  const signal = context.io.interrupt;
  const report = await verify(repository, { sample, note: { at }, seen: known?.generations ?? {}, signal });
  const subject = ref.url.canonical;
  done({ job: 'verify', subject, at, found: report.problems.length, diagnostics: report.unnoted });
}

/**
 * What no retention keeps, where a retention is declared; with the pruner's own credentials. By what is held
 * on to, and not by manifests that protect less.
 */
async function pruneAll({ paths, options, site, done }: SlowJobs, quiet: Context): Promise<void> {
  const declared = site().resources.filter(({ type }) => type === 'protected_vm');
  if (!declared.some(({ properties }) => properties.retention !== undefined)) return;
  const onPruned = ({ url }: Pruned): void =>
    done({ job: 'prune', subject: url, at: clockOf(site()).now(), found: 0, diagnostics: [] });
  await prune(quiet, { ...options, paths, declared, onPruned });
}

/** What an agent goes by as it is declared: points that are due are made and routes told without an apply. */
const goneBy = new Set(['protected_vm', 'alert_route']);

async function drift({ paths, options, site, done }: SlowJobs, quiet: Context): Promise<void> {
  const planned = await planManifests(quiet, paths, options);
  if (!planned) return;
  const found = planned.plan.resources.filter(one => isPending(one) && !goneBy.has(one.type)).length;
  done({ job: 'drift', at: clockOf(site()).now(), found, diagnostics: [] });
}

async function cleanUp({ paths, options, site, done }: SlowJobs, quiet: Context): Promise<void> {
  if (!site().catalog.resources.some(({ type }) => type === 'recovery_plan')) return;
  const cleaned = (await failoverCleanup(quiet, ALL, paths, { ...options, expired: true })) ?? [];
  const diagnostics = cleaned.flatMap(one => ('diagnostics' in one ? one.diagnostics : []));
  const found = cleaned.filter(one => 'cleaned' in one).length;
  done({ job: 'cleanup', at: clockOf(site()).now(), found, diagnostics });
}

async function rehearse({ paths, options, site, memory, done }: SlowJobs, quiet: Context): Promise<void> {
  const at = () => clockOf(site()).now();
  const begins = (subject: string) => {
    const outcome = `a test of ${subject} begins`;
    done({ job: 'rehearsal', subject, outcome, at: at(), found: 0, diagnostics: [] });
  };
  const given = { options, memory: memory(), begins };
  for (const { plan, ok, outcome, diagnostics } of await rehearseDue(quiet, site(), paths, given))
    done({
      ...{ job: 'rehearsal', subject: plan, at: at(), found: ok ? 0 : 1, diagnostics },
      ...(outcome !== undefined && { outcome }),
    });
}
