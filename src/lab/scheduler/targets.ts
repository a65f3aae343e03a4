import { runAutomation, type StartInput } from '../automation/automation.ts';
import { ApiError } from '../aws-model/error.ts';
import { beginTermination } from '../ec2/instances/instances.ts';
import { byIds } from '../ec2/world/errors.ts';
import type { Draft } from '../ec2/world/world.ts';

interface Target {
  Arn: string;
  RoleArn: string;
  Input?: string;
}

/** Operations of AWS that a schedule of the lab can call, by the end of the universal target's ARN. */
const calls: Record<string, (draft: Draft, input: Record<string, unknown>) => void> = {
  'ssm:startAutomationExecution': (draft, input) => {
    runAutomation(draft, input as unknown as StartInput);
  },
  'ec2:terminateInstances': ({ state }, { InstanceIds }) => {
    for (const instance of byIds('instance', Object.values(state.instances), InstanceIds as string[]))
      beginTermination(instance);
  },
};

const prefix = 'arn:aws:scheduler:::aws-sdk:';

/** Throws ApiError for what the lab's schedules can't call, or wouldn't get through. */
export function checkTarget({ Arn, RoleArn, Input }: Target): void {
  const call = Arn.startsWith(prefix) ? Arn.slice(prefix.length) : '';
  if (!Object.hasOwn(calls, call))
    throw new ApiError(
      'ValidationException',
      `Provided Arn is not in correct format, or not in the lab: ${Arn}`,
    );
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(RoleArn))
    throw new ApiError('ValidationException', `Provided RoleArn is not an ARN of a role: ${RoleArn}`);
  try {
    JSON.parse(Input ?? '{}');
  } catch {
    throw new ApiError('ValidationException', 'Provided Input is not JSON.');
  }
}

/** Calls what a target names. Throws ApiError. */
export function callTarget(draft: Draft, { Arn, Input }: Target): void {
  calls[Arn.slice(prefix.length)]!(draft, JSON.parse(Input ?? '{}') as Record<string, unknown>);
}
