import type { QueueOptions } from '../../../app/operation/queue/open-queue.ts';
import type { ServeOptions } from '../../../app/operation/surface/open.ts';
import type { AgentOptions } from '../../../app/self/agent.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withState } from '../../context/options.ts';
import { withSelfOptions } from '../../context/self-options.ts';
import { withLogFormat } from '../operation/agent-log.ts';
import { agentOfPaths } from '../operation/agent-paths.ts';
import { withServe } from '../operation/open.ts';
import { usualSlots, withQueue } from '../operation/queue-options.ts';

/** Seconds are enough for anybody, and S3 is asked twice each time. */
const shortest = 5_000;

type Options = AgentOptions &
  ServeOptions &
  Partial<QueueOptions> & {
    self?: string;
    every?: string;
    once?: boolean;
    slots: string;
    logFormat?: 'text' | 'json';
  };

export const agent: Define = (program, context, exit) => {
  const command = program
    .command('agent [PATHS...]')
    .description(
      'agent PATHS: keep running the cycles of protected VMs as they come due. agent --self: keep this Beanstalk instance what the bucket says. agent drain: end an agent after its cycles',
    )
    .option('--once', 'look once, do what is due, and end: for a timer or a scheduled task')
    .option('--slots <N>', 'with PATHS: cycles at once; first copies and rescans get a quarter', usualSlots)
    .option('--self <URL>', 's3://BUCKET/PREFIX, where the content of this instance is')
    .option('--every <DURATION>', 'with --self: how often to look (default 1m)')
    .option('--only-rollouts', 'with --self: let new content wait until a rollout comes to this instance');
  withLogFormat(withQueue(withServe(withData(withLab(withState(withSelfOptions(command)))))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge agent manifests\n  converge agent manifests --once\n  converge agent manifests --listen 127.0.0.1:9470\n  converge agent manifests --queue redis://queue.example.com\n  converge agent drain\n  converge agent --self s3://cust-deployment-data/\n  converge agent --self s3://cust-deployment-data/ --once',
    )
    .action(async (paths: string[], options: Options) => {
      refuseMixed(paths, options);
      if (options.self === undefined) return exit(await agentOfPaths(context, paths, options));
      const said = options.every ?? '1m';
      const every = parseDuration(said);
      if (every === undefined || every < shortest)
        throw new Failure(
          given('bad-duration', `--every ${said}: expected a duration of 5s or more`, {
            hint: 'write it like 30s or 5m',
          }),
        );
      const { agentOnce, runAgent } = await import('../../../app/self/agent.ts');
      if (options.once) {
        const code = await agentOnce(context, options.self, options);
        return exit(code === 'yielded' ? 0 : code);
      }
      await runAgent(context, options.self, { ...options, every });
      exit(0);
    });
};

/** What goes with `--self` alone, by what commander calls it. */
const ofSelf = {
  every: '--every',
  onlyRollouts: '--only-rollouts',
  trust: '--trust',
  insecureUnsigned: '--insecure-unsigned',
  onUnreachable: '--on-unreachable',
  log: '--log',
} as const;

/** What goes with PATHS alone. */
const ofPaths = {
  listen: '--listen',
  token: '--token',
  name: '--name',
  tlsCert: '--tls-cert',
  tlsKey: '--tls-key',
} as const;

/** What goes with PATHS and a queue. */
const ofQueue = { queue: '--queue', queuePassword: '--queue-password', queueCa: '--queue-ca' } as const;

const flagsIn = (flags: Record<string, string>, options: object): string[] =>
  Object.entries(flags).flatMap(([name, flag]) => (name in options ? [flag] : []));

const goes = (flags: readonly string[]): string => `${flags.join(', ')} ${flags.length > 1 ? 'go' : 'goes'}`;

function refuseMixed(paths: readonly string[], options: Options): void {
  const mixed = (message: string, hint: string) => new Failure(given('agent-mixed', message, { hint }));
  const both = 'converge agent PATHS, or converge agent --self URL';
  if (options.self !== undefined) {
    if (paths.length > 0) throw mixed('PATHS are for VMs, and --self for the instance that this is', both);
    const wrong = [
      ...(options.slots === usualSlots ? [] : ['--slots']),
      ...flagsIn({ ...ofPaths, ...ofQueue, logFormat: '--log-format' }, options),
    ];
    if (wrong.length > 0) throw mixed(`${goes(wrong)} with PATHS`, both);
    return;
  }
  if (paths.length === 0) throw mixed('neither PATHS nor --self say what is to be looked after', both);
  const wrong = flagsIn(ofSelf, options);
  if (wrong.length > 0) throw mixed(`${goes(wrong)} with --self`, both);
  if (options.listen === undefined && flagsIn(ofPaths, options).length > 0)
    throw mixed(
      `${goes(flagsIn(ofPaths, options))} with --listen`,
      'the page is served with --listen HOST:PORT',
    );
  if (options.queue === undefined && flagsIn(ofQueue, options).length > 0)
    throw mixed(`${goes(flagsIn(ofQueue, options))} with --queue`, 'name the queue: --queue redis://HOST');
  if (options.once && options.queue !== undefined)
    throw mixed('--once ends at once, and --queue goes on', 'leave one of the two out');
  if (options.once && options.listen !== undefined)
    throw mixed(
      '--once ends at once, and --listen goes on',
      'converge open serves the page without an agent',
    );
}
