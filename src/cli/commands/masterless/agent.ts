import type { AgentOptions } from '../../../app/self/agent.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withState } from '../../context/options.ts';
import { withSelfOptions } from '../../context/self-options.ts';

/** Seconds are enough for anybody, and S3 is asked twice each time. */
const shortest = 5_000;

export const agent: Define = (program, context, exit) => {
  const command = program
    .command('agent')
    .description('keep this Beanstalk instance what the bucket says: look for new content and for rollouts')
    .requiredOption('--self <URL>', 's3://BUCKET/PREFIX, where its content is')
    .option('--every <DURATION>', 'how often to look', '1m')
    .option('--once', 'look once, apply if it is time, and end: for a scheduled task')
    .option('--only-rollouts', 'let new content wait until a rollout comes to this instance');
  withData(withLab(withState(withSelfOptions(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge agent --self s3://cust-deployment-data/\n  converge agent --self s3://cust-deployment-data/ --once',
    )
    .action(async (options: AgentOptions & { self: string; every: string; once?: boolean }) => {
      const every = parseDuration(options.every);
      if (every === undefined || every < shortest)
        throw new Failure(
          given('bad-duration', `--every ${options.every}: expected a duration of 5s or more`, {
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
