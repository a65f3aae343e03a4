import { type FleetHere, type FleetOptions, runningInstances, withFleet } from '../../../app/aws/fleet.ts';
import { illBy, type Probe, probesOf } from '../../../app/aws/health.ts';
import { openHttp } from '../../../content/http.ts';
import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import { contentNames, signatureName } from '../../../masterless/content/accept.ts';
import type { FleetBucket } from '../../../masterless/content/bucket.ts';
import { reportReader } from '../../../masterless/reports/read-reports.ts';
import { openAnnouncer } from '../../../masterless/rollout/announce.ts';
import { type BumpEvent, bump as rollOut } from '../../../masterless/rollout/bump.ts';
import { wavesOf } from '../../../masterless/rollout/rollout.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import { withEvents, withFormat } from '../../options.ts';
import { bumpProgress } from '../../progress/bump.ts';
import { type EventOptions, openEvents } from '../../progress/events.ts';
import { bumpSummary, outcomeOf } from '../../rollout/bump-lines.ts';
import { withFleetOptions } from './fleet-options.ts';

interface Options extends FleetOptions, EventOptions {
  batch: string;
  maxFailures: string;
  health?: string[];
  patience: string;
  format: 'text' | 'json';
}

/** Between looks at reports, ms. */
const every = 5_000;

const examples = `
Examples:
  converge bump shop-prod --self s3://cust-deployment-data/
  converge bump shop-prod --self s3://cust-deployment-data/ --batch 25% --max-failures 1
  converge bump shop-prod --self s3://cust-deployment-data/ --health ec2 --health http://{private_ip}/health
  converge bump shop-prod --self s3://cust-deployment-data/ --lab

Ctrl-C halts the rollout: who was told finishes, nobody else begins.`;

export const bump: Define = (program, context, exit) => {
  const command = program
    .command('bump <ENV>')
    .description('let the agents of an environment apply its content again, in waves')
    .option('--batch <N|SHARE>', 'instances of a wave, 2 or 25%; the first wave is one instance', '25%')
    .option('--max-failures <N>', 'halt when more instances than these have failed', '0')
    .option(
      '--health <PROBE>',
      'ec2 (its status checks), none, or a URL with {private_ip} or {public_ip} that must answer 200; may be repeated (default: ec2)',
      (one: string, all: string[] = []) => [...all, one],
    )
    .option('--patience <DURATION>', 'how long an instance may take to report and to be healthy', '15m');
  withFleetOptions(withEvents(withFormat(command)))
    .addHelpText('after', examples)
    .action(async (environment: string, options: Options) => {
      const plan = planOf(options);
      exit(await withFleet(context, environment, options, here => run(context, environment, plan, here)));
    });
};

/** What the options ask for, checked before anything is reached. */
function planOf(options: Options) {
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
      given('bad-duration', `--patience ${patience} is no duration`, { hint: 'write it like 15m' }),
    );
  return { ...options, probes: probesOf(health), most: Number(maxFailures), time };
}

async function run(
  context: CliContext,
  environment: string,
  plan: ReturnType<typeof planOf>,
  { bucket, ec2, clock, session }: FleetHere,
): Promise<number> {
  const { interrupt, host } = context.io;
  const instances = await runningInstances(ec2, environment);
  await refuseWithoutContent(bucket, environment);
  const announcer = await openAnnouncer(bucket, environment);
  const read = reportReader(bucket, environment);
  const open = openHttp(session.lab ? { standIn: session.lab.web.url } : {});
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
  const sink = await openEvents<BumpEvent>(context, plan, () => clock.now());
  const progress = await bumpProgress(context, sink);
  const events: BumpEvent[] = [];
  try {
    const options = { maxFailures: plan.most, patience: plan.time, every };
    for await (const event of rollOut(begun, waves, fleet, clock, options, interrupt)) {
      if (event.type !== 'waiting') events.push(event);
      sink?.listener(event);
      progress.listener(event);
    }
  } finally {
    await progress.done();
    await sink?.close();
  }
  const outcome = outcomeOf(environment, id, events);
  context.print(plan.format === 'json' ? `${JSON.stringify(outcome, null, 2)}\n` : bumpSummary(outcome));
  if (outcome.why === 'interrupted') return interrupt.reason === 'SIGTERM' ? 143 : 130;
  return outcome.failed.length > 0 ? 4 : 0;
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
