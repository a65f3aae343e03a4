import { ApiError } from '../aws-model/error.ts';
import { beginTermination } from '../ec2/instances/instances.ts';
import type { Automation, LabInstance } from '../ec2/world/state.ts';
import type { Draft } from '../ec2/world/world.ts';

export interface StartInput {
  DocumentName: string;
  DocumentVersion?: string;
  Parameters?: Record<string, string[]>;
  ClientToken?: string;
  TargetParameterName?: string;
  Targets?: { Key: string; Values: string[] }[];
  MaxConcurrency?: string;
  MaxErrors?: string;
}

/** AWS's own documents that the lab can run, by what they do to one instance. */
const documents: Record<string, (instance: LabInstance) => void> = {
  'AWS-TerminateEC2Instance': beginTermination,
  'AWS-StopEC2Instance': instance => {
    if (instance.state === 'running') instance.state = 'stopping';
  },
};

const invalid = (message: string) => new ApiError('InvalidAutomationExecutionParametersException', message);

/**
 * Starts an automation and runs it to its end: what a target names is asked for only now, when it runs.
 * Source: AWS Systems Manager user guide, "Run automated operations at scale"; the documents,
 * "AWS-TerminateEC2Instance". Throws ApiError.
 */
export function runAutomation(draft: Draft, input: StartInput): Automation {
  const { state, now, random } = draft;
  const known = Object.values(state.automations).find(
    ({ token }) => token !== undefined && token === input.ClientToken,
  );
  if (known && known.asked !== JSON.stringify(input))
    throw new ApiError('IdempotentParameterMismatch', 'The client token was used with other parameters.');
  if (known) return known;
  const act = Object.hasOwn(documents, input.DocumentName) ? documents[input.DocumentName] : undefined;
  if (!act)
    throw new ApiError(
      'AutomationDefinitionNotFoundException',
      `Automation definition ${input.DocumentName} not found. The lab has ${Object.keys(documents).join(', ')}.`,
    );
  if (input.Targets && input.TargetParameterName === undefined)
    throw invalid('TargetParameterName is required with Targets');
  const parameter = input.TargetParameterName ?? 'InstanceId';
  if (parameter !== 'InstanceId') throw invalid(`${input.DocumentName} has no parameter ${parameter}`);
  const automation: Automation = {
    id: random.uuid(),
    ...(input.ClientToken !== undefined && { token: input.ClientToken }),
    asked: JSON.stringify(input),
    document: input.DocumentName,
    state: 'Success',
    started: now,
    ended: now,
    parameters: input.Parameters ?? {},
    ...(input.TargetParameterName !== undefined && { targetParameter: input.TargetParameterName }),
    targets: (input.Targets ?? []).map(({ Key, Values }) => ({ key: Key, values: Values })),
    outcome: {},
  };
  for (const instance of resolved(draft, input)) {
    try {
      act(instance);
      automation.outcome[instance.id] = 'Success';
    } catch (error) {
      automation.outcome[instance.id] = (error as Error).message;
      automation.state = 'Failed';
    }
  }
  state.automations[automation.id] = automation;
  return automation;
}

function resolved({ state }: Draft, { Targets, Parameters }: StartInput): LabInstance[] {
  const alive = Object.values(state.instances).filter(it => it.state !== 'terminated');
  if (!Targets) return alive.filter(({ id }) => Parameters?.InstanceId?.includes(id));
  return alive.filter(({ id }) =>
    Targets.every(({ Key, Values }) => {
      if (Key === 'ParameterValues') return Values.includes(id);
      if (!Key.startsWith('tag:')) throw invalid(`The target key ${Key} is not tag:KEY or ParameterValues`);
      return Values.includes(state.tags[id]?.[Key.slice('tag:'.length)] ?? '\0');
    }),
  );
}
