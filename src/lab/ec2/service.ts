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
import type { ObjectsOf, RolesOf } from './world/call.ts';
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
    roles: RolesOf;
    /** Told each action before it is carried out. */
    took?: ((what: string, bytes: number) => void) | undefined;
  },
): Ec2Service {
  const faults = new Ec2Faults('ec2');
  return {
    fault: rule => faults.add(rule),
    waitingFaults: () => faults.waiting(),
    async answer({ body, id, role }) {
      const query = new URLSearchParams(body.toString());
      const action = query.get('Action') ?? '';
      const asked: Record<string, string> = query.get('DryRun') === 'true' ? { as: 'dry-run' } : {};
      const fault = faults.take(callFaults, { operation: action, ...asked });
      if (fault?.kind === 'reset') return undefined;
      if (fault && fault.kind !== 'lost-answer') throw faultError(fault, action);
      const perform = Object.hasOwn(ec2Actions, action) ? ec2Actions[action] : undefined;
      if (!perform)
        throw new ApiError('InvalidAction', `The action ${action} is not valid for this web service.`);
      const host = await lab.instance();
      const input = readQuery(model, action, query);
      if (role && !mayAsk(role, action, host, resourcesOf(action, input, (await world.state()).tags, host)))
        throw faultError({ kind: 'access-denied' }, action);
      const fleet = allInstances(host, await lab.fleet());
      lab.took?.(`ec2:${action}`, body.length);
      const output = await world.change(async draft => {
        const done = await perform(input as never, {
          ...draft,
          action,
          fleet,
          photograph: lab.machines.screenshot,
          object: lab.objects,
          iamRole: lab.roles,
          fault: (kind, values) => faults.take([kind], { ...values, ...asked }),
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
  asked: readonly Asked[],
): boolean =>
  (action === 'DescribeTags' && describeTags) ||
  asked.every(({ action: own = action, resource, context }) =>
    isAllowed(role, `ec2:${own}`, resource, context),
  );

/** A resource that a request is about, and what conditions can know. */
interface Asked {
  /** Left out: the action of the request. */
  action?: string;
  resource: string;
  context: RequestContext;
}

/** What is made by an action. Source: Service Authorization Reference, "Amazon EC2". */
const makes: Readonly<Record<string, readonly string[]>> = {
  RunInstances: ['instance', 'volume', 'network-interface'],
  CreateVolume: ['volume'],
  CreateSnapshot: ['snapshot'],
  RegisterImage: ['image'],
  CreateSecurityGroup: ['security-group'],
  ImportImage: ['import-image-task'],
  CreateReplaceRootVolumeTask: ['replace-root-volume-task'],
};
/** Kinds of resources by the beginning of their ids, as ARNs call them. */
const kinds: Readonly<Record<string, string>> = {
  i: 'instance',
  vol: 'volume',
  ami: 'image',
  snap: 'snapshot',
  sg: 'security-group',
  subnet: 'subnet',
  vpc: 'vpc',
  eni: 'network-interface',
  lt: 'launch-template',
  'import-ami': 'import-image-task',
  replacevol: 'replace-root-volume-task',
};

/**
 * Everything that a request names or makes, each with its own tags and the tags that the request gives; a
 * request that does neither is about `*`, as are those that only describe. Each has to be allowed.
 */
function resourcesOf(
  action: string,
  input: Structured,
  tags: Readonly<Record<string, Record<string, string>>>,
  { region, accountId }: InstanceSettings,
): Asked[] {
  const context: Record<string, string> = { 'aws:requestedregion': region };
  const given = [
    input.Tags ?? [],
    ...[input.TagSpecifications ?? []].flat().map(it => (it as Structured).Tags ?? []),
  ];
  for (const { Key, Value } of given.flat() as { Key?: string; Value?: string }[])
    context[`aws:requesttag/${Key}`.toLowerCase()] = Value ?? '';
  const whole = { resource: '*', context };
  if (/^(Describe|Get)/.test(action) && !/^GetConsole/.test(action)) return [whole];
  const arn = (kind: string, id: string) =>
    `arn:aws:ec2:${region}:${kind === 'image' || kind === 'snapshot' ? '' : accountId}:${kind}/${id}`;
  const made = (makes[action] ?? []).map(kind => ({ resource: arn(kind, 'new'), context }));
  const named = idsIn(input).map(id => {
    const own = Object.entries(tags[id] ?? {}).map(([key, value]) => [
      `aws:resourcetag/${key}`.toLowerCase(),
      value,
    ]);
    const kind = kinds[id.slice(0, id.lastIndexOf('-'))]!;
    return { resource: arn(kind, id), context: { ...context, ...Object.fromEntries(own) } };
  });
  // Source: EC2 user guide, "Grant permission to tag Amazon EC2 resources during creation".
  const tagged = Object.keys(context).some(key => key.startsWith('aws:requesttag/'));
  const tagging = { ...context, 'ec2:createaction': action };
  const labelled = tagged ? made.map(one => ({ ...one, action: 'CreateTags', context: tagging })) : [];
  const all = [...made, ...named, ...labelled];
  return all.length > 0 ? all : [whole];
}

/** Ids of known kinds, wherever they are in a request. */
function idsIn(value: unknown): string[] {
  if (typeof value === 'string')
    return /^[a-z-]+-[0-9a-f]{8,17}$/.test(value) &&
      Object.hasOwn(kinds, value.slice(0, value.lastIndexOf('-')))
      ? [value]
      : [];
  if (typeof value !== 'object' || value === null) return [];
  return [...new Set(Object.values(value).flatMap(idsIn))];
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
