import { type BumpOptions, bump as rollOut } from '../../../app/masterless/bump.ts';
import type { Define } from '../../context/define.ts';
import { withEvents, withFormat } from '../../context/options.ts';
import { bumpTeller } from '../../progress/bump.ts';
import type { EventOptions } from '../../progress/events.ts';
import { bumpJson, bumpSummary } from '../../rollout/bump-lines.ts';
import { withFleetOptions } from './fleet-options.ts';

type Options = BumpOptions & EventOptions & { format: 'text' | 'json' };

const examples = `
Examples:
  converge bump shop-prod --self s3://cust-deployment-data/
  converge bump shop-prod --self s3://cust-deployment-data/ --batch 25% --max-failures 1
  converge bump shop-prod --self s3://cust-deployment-data/ --health ec2 --health http://{private_ip}/health
  converge bump shop-prod --self s3://cust-deployment-data/ --lab

Ctrl-C halts the rollout: whoever was told finishes, nobody else begins.`;

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
      const outcome = await rollOut(context, environment, options, bumpTeller(context, options));
      if (options.format === 'json') context.printJson(`${JSON.stringify(bumpJson(outcome), null, 2)}\n`);
      else context.print(bumpSummary(outcome));
      if (outcome.why === 'interrupted') return exit(context.io.interrupt.reason === 'SIGTERM' ? 143 : 130);
      exit(outcome.failed.length > 0 ? 4 : 0);
    });
};
