import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { findOperation, readRest, writeRest } from '../aws-model/rest.ts';
import schedulerJson from '../aws-model/scheduler.json' with { type: 'json' };
import type { Schedule } from '../ec2/world/state.ts';
import type { Draft, Ec2World } from '../ec2/world/world.ts';
import { isAllowed } from '../instance/role.ts';
import { parseExpression } from './expression.ts';
import { checkTarget } from './targets.ts';

const model = schedulerJson as unknown as AwsModel;

interface Named {
  Name: string;
  GroupName?: string;
}
interface CreateInput extends Named {
  ScheduleExpression: string;
  ScheduleExpressionTimezone?: string;
  Target: { Arn: string; RoleArn: string; Input?: string };
  ClientToken?: string;
}
interface ListInput {
  GroupName?: string;
  NamePrefix?: string;
  State?: string;
  MaxResults?: number;
  NextToken?: string;
}

const keyOf = ({ Name, GroupName = 'default' }: Named) => `${GroupName}/${Name}`;
const arnOf = ({ region, account }: Draft, { group, name }: Schedule) =>
  `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`;

function find({ state }: Draft, named: Named): Schedule {
  const found = state.schedules[keyOf(named)];
  if (found) return found;
  throw new ApiError('ResourceNotFoundException', `Schedule ${named.Name} does not exist.`, 404);
}

function create(draft: Draft, input: CreateInput): object {
  const { state, now } = draft;
  const { ClientToken, ...rest } = input;
  if (input.GroupName !== undefined && input.GroupName !== 'default')
    throw new ApiError('ResourceNotFoundException', `Schedule group ${input.GroupName} does not exist.`, 404);
  const kept = JSON.parse(JSON.stringify(rest)) as Record<string, unknown>;
  const known = state.schedules[keyOf(input)];
  const isRetry = known && ClientToken !== undefined && known.token === ClientToken;
  if (known && isRetry && JSON.stringify(known.input) === JSON.stringify(kept))
    return { ScheduleArn: arnOf(draft, known) };
  if (known) throw new ApiError('ConflictException', `Schedule ${input.Name} already exists.`, 409);
  checkTarget(input.Target);
  const next = parseExpression(input.ScheduleExpression, input.ScheduleExpressionTimezone ?? 'UTC', now);
  const due = next(now);
  if (due === undefined)
    throw new ApiError('ValidationException', `The time of ${input.ScheduleExpression} is in the past.`);
  const schedule: Schedule = {
    name: input.Name,
    group: input.GroupName ?? 'default',
    ...(ClientToken !== undefined && { token: ClientToken }),
    created: now,
    input: kept,
    due,
    runs: [],
  };
  state.schedules[keyOf(input)] = schedule;
  return { ScheduleArn: arnOf(draft, schedule) };
}

function get(draft: Draft, input: Named): object {
  const it = find(draft, input);
  const { StartDate, EndDate, ...rest } = it.input;
  return {
    State: 'ENABLED',
    ActionAfterCompletion: 'NONE',
    ScheduleExpressionTimezone: 'UTC',
    ...rest,
    ...(StartDate !== undefined && { StartDate: new Date(String(StartDate)) }),
    ...(EndDate !== undefined && { EndDate: new Date(String(EndDate)) }),
    Arn: arnOf(draft, it),
    GroupName: it.group,
    CreationDate: new Date(it.created),
    LastModificationDate: new Date(it.created),
  };
}

function list(draft: Draft, { GroupName, NamePrefix = '', State, MaxResults = 100, NextToken }: ListInput) {
  const all = Object.values(draft.state.schedules)
    .filter(
      ({ name, group, input }) =>
        (GroupName === undefined || group === GroupName) &&
        name.startsWith(NamePrefix) &&
        (State === undefined || State === (input.State ?? 'ENABLED')),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, 'base64url').toString());
  const next = from + MaxResults;
  return {
    Schedules: all.slice(from, next).map(it => ({
      Arn: arnOf(draft, it),
      Name: it.name,
      GroupName: it.group,
      State: it.input.State ?? 'ENABLED',
      CreationDate: new Date(it.created),
      LastModificationDate: new Date(it.created),
      Target: { Arn: (it.input.Target as { Arn: string }).Arn },
    })),
    ...(next < all.length && { NextToken: Buffer.from(String(next)).toString('base64url') }),
  };
}

function remove(draft: Draft, input: Named): object {
  find(draft, input);
  delete draft.state.schedules[keyOf(input)];
  return {};
}

const operations: Record<string, (draft: Draft, input: never) => object> = {
  CreateSchedule: create,
  GetSchedule: get,
  ListSchedules: list,
  DeleteSchedule: remove,
};

/** EventBridge Scheduler. Source: EventBridge Scheduler API reference. */
export const schedulerService = (
  world: Ec2World,
  { account, region }: { account: string; region: string },
): AwsService => ({
  async answer({ method, path, query, headers, body, role }) {
    const call = findOperation(model, method, path);
    if (!call) throw new ApiError('UnknownOperationException', `${method} ${path} is not an operation.`, 404);
    const group = query.get('groupName') ?? 'default';
    const name = path.split('/')[2];
    const resource =
      name === undefined ? '*' : `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`;
    if (role && !isAllowed(role, `scheduler:${call.operation}`, resource))
      throw new ApiError(
        'AccessDeniedException',
        `User: ${role.arn} is not authorized to perform: scheduler:${call.operation}`,
        403,
      );
    const input = readRest(model, call, query, headers, body);
    const output = await world.change(draft => operations[call.operation]!(draft, input as never));
    const { status, json } = writeRest(model, call.operation, output);
    return { status, headers: { 'content-type': 'application/json' }, body: json };
  },
});
