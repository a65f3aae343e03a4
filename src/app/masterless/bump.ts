import { openHttp } from '../../content/http.ts';
import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../io/duration.ts';
import { contentNames, signatureName } from '../../masterless/content/accept.ts';
import type { FleetBucket } from '../../masterless/content/bucket.ts';
import { reportReader } from '../../masterless/reports/read-reports.ts';
import { openAnnouncer } from '../../masterless/rollout/announce.ts';
import { type BumpEvent, bump as rollOut } from '../../masterless/rollout/bump.ts';
import { wavesOf } from '../../masterless/rollout/rollout.ts';
import type { Context } from '../app-context.ts';
import { type FleetHere, type FleetOptions, runningInstances, withFleet } from './fleet.ts';
import { illBy, type Probe, probesOf } from './health.ts';
import { type BumpOutcome, outcomeOf } from './rollout-outcome.ts';

export interface BumpOptions extends FleetOptions {
  /** Instances of a wave, `2` or `25%`. */
  batch: string;
  maxFailures: string;
  /** Probes; by default EC2's status checks. */
  health?: string[];
  /** How long an instance may take to report and to be healthy. */
  patience: string;
}

/** Where a rollout is told while it goes on. */
export interface RolloutReporter {
  event(event: BumpEvent): void;
  /** No more events come. Resolves when all of them were told. */
  close(): Promise<void>;
}

/** @param now the rollout's clock, ms since the epoch */
export type TellRollout = (now: () => number) => Promise<RolloutReporter>;

/** Between looks at reports, ms. */
const every = 5_000;

/**
 * Lets the agents of an environment apply its content again, in waves. When interrupted, the rollout is
 * halted.
 */
export async function bump(
  context: Context,
  environment: string,
  options: BumpOptions,
  tell: TellRollout,
): Promise<BumpOutcome> {
  const plan = planOf(options);
  return withFleet(context, environment, options, here => run(context, environment, plan, here, tell));
}

/** What the options ask for, checked before anything is reached. */
function planOf(options: BumpOptions) {
  const { batch, maxFailures, patience, health = ['ec2'] } = options;
  if (wavesOf([], batch) === undefined)
    throw new Failure(
      given('bad-batch', `--batch ${batch}: expected a number or a share`, { hint: 'write 2 or 25%' }),
    );
  if (!/^\d{1,6}$/.test(maxFailures))
    throw new Failure(given('bad-number', `--max-failures ${maxFailures}: expected a whole number`));
  const time = parseDuration(patience);
  if (!time)
    throw new Failure(
      given('bad-duration', `--patience ${patience} is not a duration`, { hint: 'write it like 15m' }),
    );
  return { ...options, probes: probesOf(health), most: Number(maxFailures), time };
}

async function run(
  context: Context,
  environment: string,
  plan: ReturnType<typeof planOf>,
  { bucket, ec2, clock, session }: FleetHere,
  tell: TellRollout,
): Promise<BumpOutcome> {
  const { interrupt, host } = context.io;
  const { standIn, network } = session.reach;
  const instances = await runningInstances(ec2, environment);
  await refuseWithoutContent(bucket, environment);
  const announcer = await openAnnouncer(bucket, environment);
  const read = reportReader(bucket, environment);
  const open = openHttp({ network, ...(standIn !== undefined && { standIn }) });
  const fleet = {
    announce: announcer.announce,
    async reports(asked: ReadonlySet<string>) {
      await announcer.check();
      const { told } = await read(asked);
      return new Map([...told].map(([instance, { report }]) => [instance, report]));
    },
    ill: (asked: readonly string[]) => probe(plan.probes, asked),
  };
  const probe = (probes: Probe[], asked: readonly string[]) =>
    illBy(
      probes,
      instances.filter(({ id }) => asked.includes(id)),
      { ec2, open },
    );
  const id = host.random.uuid();
  const begun = {
    converge_rollout: 1 as const,
    id,
    environment,
    started: new Date(clock.now()).toISOString(),
  };
  const waves = wavesOf(
    instances.map(one => one.id),
    plan.batch,
  )!;
  const reporter = await tell(() => clock.now());
  const events: BumpEvent[] = [];
  try {
    const options = { maxFailures: plan.most, patience: plan.time, every };
    for await (const event of rollOut(begun, waves, fleet, clock, options, interrupt)) {
      if (event.type !== 'waiting') events.push(event);
      reporter.event(event);
    }
  } finally {
    await reporter.close();
  }
  return outcomeOf(environment, id, events);
}

/** Else each instance would report that there is nothing to apply. */
async function refuseWithoutContent(bucket: FleetBucket, environment: string): Promise<void> {
  const names = [signatureName(environment), ...contentNames(environment)];
  for await (const { key } of bucket.list(`${environment}.`)) if (names.includes(key)) return;
  throw new Failure(
    world('content-not-found', `${bucket.url} has nothing for the environment ${environment}`, {
      hint: 'put it there with `converge sign … --to URL`',
    }),
  );
}
