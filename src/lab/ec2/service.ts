import ec2Json from '../aws-model/ec2.json' with { type: 'json' };
import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { readQuery } from '../aws-model/query.ts';
import type { Structured } from '../aws-model/scalar.ts';
import { writeAnswer } from '../aws-model/xml.ts';
import type { RequestContext } from '../instance/condition.ts';
import { allInstances } from '../instance/fleet.ts';
import type { FleetMember } from '../instance/member.ts';
import { isAllowed, type Role } from '../instance/role.ts';
import type { InstanceSettings } from '../instance/settings.ts';
import { ec2Actions } from './actions.ts';
import type { ObjectsOf } from './world/call.ts';
import { callFaults, type Ec2Fault, Ec2Faults } from './world/faults.ts';
import type { Ec2World } from './world/world.ts';

const model = ec2Json as unknown as AwsModel;

export interface Ec2Service extends AwsService {
  /** Throws a Failure for a rule that it doesn't know. */
  fault(rule: Ec2Fault): void;
  /** The faults that didn't strike yet. */
  waitingFaults(): Ec2Fault[];
}

/** The machines that run an account's instances, where any do. */
export interface Screens {
  screenshot(id: string): Promise<Buffer | undefined>;
  /** After each action: instances may have ended, or been started anew. */
  follow(): Promise<void>;
}

/** EC2's query API over a world, with the instances of the lab's fleet. */
export function ec2Service(
  world: Ec2World,
  lab: {
    instance(): Promise<InstanceSettings>;
    fleet(): Promise<FleetMember[]>;
    machines: Screens;
    objects: ObjectsOf;
  },
): Ec2Service {
  const faults = new Ec2Faults('ec2');
  return {
    fault: rule => faults.add(rule),
    waitingFaults: () => faults.waiting(),
    async answer({ body, id, role }) {
      const query = new URLSearchParams(body.toString());
      const action = query.get('Action') ?? '';
      const fault = faults.take(callFaults, { operation: action });
      if (fault?.kind === 'reset') return undefined;
      if (fault && fault.kind !== 'lost-answer') throw faultError(fault, action);
      const perform = Object.hasOwn(ec2Actions, action) ? ec2Actions[action] : undefined;
      if (!perform)
        throw new ApiError('InvalidAction', `The action ${action} is not valid for this web service.`);
      const host = await lab.instance();
      const input = readQuery(model, action, query);
      const context = role && contextOf(input, (await world.state()).tags, host.region);
      if (role && !mayAsk(role, action, host, context)) throw faultError({ kind: 'access-denied' }, action);
      const fleet = allInstances(host, await lab.fleet());
      const output = await world.change(async draft => {
        const done = await perform(input as never, {
          ...draft,
          action,
          fleet,
          photograph: lab.machines.screenshot,
          object: lab.objects,
          fault: (kind, values) => faults.take([kind], values),
        });
        // What it would have done is dropped with the draft.
        if (input.DryRun === true)
          throw new ApiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
        return done;
      });
      await lab.machines.follow();
      if (fault) return undefined;
      return {
        status: 200,
        headers: { 'content-type': 'text/xml;charset=UTF-8' },
        body: writeAnswer(model, action, output, id),
      };
    },
  };
}

/** Of an instance's role: its tags where the lab's host may read them, and what its policy allows. */
const mayAsk = (
  role: Role,
  action: string,
  { describeTags }: InstanceSettings,
  context: RequestContext | undefined,
): boolean => (action === 'DescribeTags' && describeTags) || isAllowed(role, `ec2:${action}`, '*', context);

/** Condition keys of a request: the tags that it gives, and those that all it names have. */
function contextOf(
  input: Structured,
  tags: Readonly<Record<string, Record<string, string>>>,
  region: string,
): RequestContext {
  const context: Record<string, string> = { 'aws:requestedregion': region };
  const given = [
    input.Tags ?? [],
    ...[input.TagSpecifications ?? []].flat().map(it => (it as Structured).Tags ?? []),
  ];
  for (const { Key, Value } of given.flat() as { Key?: string; Value?: string }[])
    context[`aws:requesttag/${Key}`.toLowerCase()] = Value ?? '';
  const named = Object.values(input)
    .flat()
    .filter(it => typeof it === 'string' && /^[a-z-]+-[0-9a-f]{8,17}$/.test(it)) as string[];
  const [first = {}] = named.map(id => tags[id] ?? {});
  for (const [key, value] of Object.entries(first))
    if (named.every(id => tags[id]?.[key] === value)) context[`aws:resourcetag/${key}`.toLowerCase()] = value;
  return context;
}

/** In EC2's words. Source: API reference, "Error codes for the Amazon EC2 API". */
export function faultError({ kind, code, message }: Ec2Fault, action: string): ApiError {
  switch (kind) {
    case 'refused':
      return new ApiError(code!, message ?? code!, 400);
    case 'throttled':
      return new ApiError('RequestLimitExceeded', 'Request limit exceeded.', 503);
    case 'internal-error':
      return new ApiError('InternalError', 'An internal error has occurred', 500);
    default:
      return new ApiError(
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/lab is not authorized to perform: ec2:${action}`,
        403,
      );
  }
}
