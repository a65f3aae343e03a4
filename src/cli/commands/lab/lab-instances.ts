import { Option } from 'commander';
import { checkResults, type FleetMember, memberStates } from '../../../app/lab/lab-world.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { isEnvironmentName } from '../../../masterless/instance/environment-name.ts';
import { instancePolicy } from '../../../masterless/instance/policy.ts';
import type { DefineEvent } from './define-event.ts';

const most = 1000;

/** `converge lab add-instances` and `set-instance`: the instances of an environment that a rollout meets. */
export function labInstances(event: DefineEvent): void {
  event(
    'add-instances <ENVIRONMENT>',
    'launch EC2 instances of a Beanstalk environment, and print them',
    'add-instances shop-prod --count 8',
    ([environment], { count, type }) => {
      if (!isEnvironmentName(environment!))
        throw new Failure(
          given('wrong-environment', `${environment} is not a name of a Beanstalk environment`, {
            hint: '4 to 40 letters, digits and hyphens',
          }),
        );
      const number = Number(count);
      if (!Number.isInteger(number) || number < 1 || number > most)
        throw new Failure(given('bad-number', `--count ${count}: expected 1 to ${most}`));
      const policy = instancePolicy([environment!], '*');
      return { do: 'add-instances', environment: environment!, count: number, type: String(type), policy };
    },
    command =>
      command
        .option('--count <N>', 'how many', '1')
        .option('--type <TYPE>', 'instance type', 't3.medium')
        .addOption(
          new Option('--format <FORMAT>', 'how it is printed').choices(['text', 'json']).default('text'),
        ),
  );
  event(
    'set-instance <ID>',
    'set what EC2 says about an instance',
    'set-instance i-0f1ee700000000003 --instance-check impaired\nset-instance i-0f1ee700000000004 --state terminated',
    ([id], options) => {
      const { state, systemCheck, instanceCheck } = options as Partial<FleetMember>;
      const change = {
        ...(state && { state }),
        ...(systemCheck && { systemCheck }),
        ...(instanceCheck && { instanceCheck }),
      };
      return { do: 'set-instance', id: id!, change };
    },
    command =>
      command
        .addOption(new Option('--state <STATE>', 'its state').choices(memberStates))
        .addOption(
          new Option('--system-check <RESULT>', 'check of the system below it').choices(checkResults),
        )
        .addOption(new Option('--instance-check <RESULT>', 'check of itself').choices(checkResults)),
  );
}
