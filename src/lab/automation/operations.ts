import { ApiError } from '../aws-model/error.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { readJsonInput, writeRest } from '../aws-model/rest.ts';
import ssmJson from '../aws-model/ssm.json' with { type: 'json' };
import type { Automation } from '../ec2/world/state.ts';
import type { Draft, Ec2World } from '../ec2/world/world.ts';
import { runAutomation, type StartInput } from './automation.ts';

const model = ssmJson as unknown as AwsModel;

const described = (it: Automation) => ({
  AutomationExecutionId: it.id,
  DocumentName: it.document,
  DocumentVersion: '1',
  AutomationExecutionStatus: it.state,
  ExecutionStartTime: new Date(it.started),
  ...(it.ended !== undefined && { ExecutionEndTime: new Date(it.ended) }),
  ...(it.targetParameter !== undefined && { TargetParameterName: it.targetParameter }),
  Targets: it.targets.map(({ key, values }) => ({ Key: key, Values: values })),
  ResolvedTargets: { ParameterValues: Object.keys(it.outcome), Truncated: false },
  ...failureOf(it),
});

function failureOf({ outcome }: Automation): { FailureMessage?: string } {
  const failed = Object.entries(outcome).find(([, result]) => result !== 'Success');
  return failed ? { FailureMessage: `${failed[0]}: ${failed[1]}` } : {};
}

const operations: Record<string, (draft: Draft, input: never) => object> = {
  StartAutomationExecution: (draft: Draft, input: StartInput) => ({
    AutomationExecutionId: runAutomation(draft, input).id,
  }),
  GetAutomationExecution({ state }: Draft, input: { AutomationExecutionId: string }) {
    const found = state.automations[input.AutomationExecutionId];
    if (!found)
      throw new ApiError(
        'AutomationExecutionNotFoundException',
        `Automation execution with id ${input.AutomationExecutionId} does not exist`,
      );
    return { AutomationExecution: { ...described(found), Parameters: found.parameters } };
  },
  DescribeAutomationExecutions: ({ state }: Draft) => ({
    AutomationExecutionMetadataList: Object.values(state.automations).reverse().map(described),
  }),
};

/** Whether this is an operation of SSM automation, and not of its parameters. */
export const isAutomation = (operation: string): boolean => Object.hasOwn(operations, operation);

/** One operation of SSM automation: JSON in, JSON out. Throws ApiError. */
export async function automate(world: Ec2World, operation: string, body: Buffer): Promise<string> {
  const input = readJsonInput(model, operation, body);
  const output = await world.change(draft => operations[operation]!(draft, input as never));
  return writeRest(model, operation, output).json;
}
