import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { TeardownCloud, TeardownEntry } from '../../recovery/model/teardown.ts';
import { codeOf, toFailure } from '../errors.ts';
import { awsClient } from '../settings.ts';
import { withRetries } from '../with-retries.ts';
import type { RecoveryConnection } from './connection.ts';

/** Milliseconds without traffic. */
const silence = 30_000;

/** A universal target of EventBridge Scheduler: any call of the SDK, here of SSM Automation. */
const AUTOMATION = 'arn:aws:scheduler:::aws-sdk:ssm:startAutomationExecution';

/**
 * Tear-down by EventBridge Scheduler: at its time an entry starts the automation AWS-TerminateEC2Instance for
 * all instances that have the tag by then. Source: EventBridge Scheduler user guide, "Using universal
 * targets"; SSM API reference, StartAutomationExecution, Targets and TargetParameterName. The SDK is loaded
 * when it is first needed.
 */
export function awsTeardown({ settings }: RecoveryConnection): TeardownCloud & { close(): void } {
  let opened: SchedulerClient | undefined;
  const sdk = () => import('@aws-sdk/client-scheduler');
  const call = async <T>(
    action: string,
    thing: string,
    run: (client: SchedulerClient, options: { abortSignal?: AbortSignal }) => Promise<T>,
    signal: AbortSignal | undefined,
    expected?: RegExp,
  ): Promise<T | undefined> => {
    const { SchedulerClient } = await sdk();
    opened ??= awsClient(SchedulerClient, settings, silence);
    const client = opened;
    try {
      return await withRetries(stop => run(client, stop ? { abortSignal: stop } : {}), settings, {
        signal,
        patience: 'polite',
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (expected?.test(codeOf(error))) return undefined;
      const { region, endpoint } = settings;
      const where = { region, ...(endpoint !== undefined && { endpoint }) };
      throw toFailure(error, {
        service: 'EventBridge Scheduler',
        action: `scheduler:${action}`,
        thing,
        ...where,
      });
    }
  };

  return {
    async list(NamePrefix, signal) {
      const { ListSchedulesCommand, GetScheduleCommand } = await sdk();
      const names: string[] = [];
      let NextToken: string | undefined;
      do {
        const command = new ListSchedulesCommand({
          GroupName: 'default',
          NamePrefix,
          MaxResults: 100,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await call(
          'ListSchedules',
          'the tear-down entries',
          (client, options) => client.send(command, options),
          signal,
        );
        names.push(...(answer?.Schedules ?? []).map(({ Name }) => Name ?? ''));
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      const found = await Promise.all(
        names.map(async Name => {
          const command = new GetScheduleCommand({ Name, GroupName: 'default' });
          const answer = await call(
            'GetSchedule',
            Name,
            (client, options) => client.send(command, options),
            signal,
            /^ResourceNotFoundException$/,
          );
          return answer ? [told(Name, answer.ScheduleExpression, answer.Target)] : [];
        }),
      );
      return found.flat();
    },

    async create({ name, at, role, tag, token }, signal) {
      const { CreateScheduleCommand } = await sdk();
      const command = new CreateScheduleCommand({
        Name: name,
        GroupName: 'default',
        ClientToken: token,
        ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 19)})`,
        ScheduleExpressionTimezone: 'UTC',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ActionAfterCompletion: 'DELETE',
        Target: {
          Arn: AUTOMATION,
          RoleArn: role,
          Input: JSON.stringify({
            DocumentName: 'AWS-TerminateEC2Instance',
            TargetParameterName: 'InstanceId',
            Targets: [{ Key: `tag:${tag.key}`, Values: [tag.value] }],
            // One that can't be ended must not keep the others running.
            MaxErrors: '100%',
          }),
        },
      });
      const made = await call(
        'CreateSchedule',
        name,
        (client, options) => client.send(command, options),
        signal,
        /^ConflictException$/,
      );
      return made !== undefined;
    },

    async remove(Name, signal) {
      const { DeleteScheduleCommand } = await sdk();
      const command = new DeleteScheduleCommand({ Name, GroupName: 'default' });
      await call(
        'DeleteSchedule',
        Name,
        (client, options) => client.send(command, options),
        signal,
        /^ResourceNotFoundException$/,
      );
    },

    close: () => opened?.destroy(),
  };
}

/** What an entry would do, as far as it is one of these. */
function told(
  name: string,
  expression: string | undefined,
  target: { Arn?: string | undefined; Input?: string | undefined } | undefined,
): TeardownEntry {
  const time = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)$/.exec(expression ?? '')?.[1];
  const tag = target?.Arn === AUTOMATION ? tagOf(target.Input) : undefined;
  return { name, ...(time !== undefined && { at: Date.parse(`${time}Z`) }), ...(tag && { tag }) };
}

function tagOf(input: string | undefined): TeardownEntry['tag'] {
  try {
    const { Targets } = JSON.parse(input ?? '{}') as { Targets?: { Key?: string; Values?: string[] }[] };
    const [first, ...more] = Targets ?? [];
    if (more.length > 0 || !first?.Key?.startsWith('tag:') || first.Values?.length !== 1) return undefined;
    return { key: first.Key.slice('tag:'.length), value: first.Values[0]! };
  } catch {
    return undefined;
  }
}
