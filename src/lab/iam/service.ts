import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../io/ports.ts';
import { ApiError } from '../aws-model/error.ts';
import type { AwsService } from '../aws-model/http.ts';
import { takeTurns } from '../disks/take-turns.ts';
import { readJson, writeJson } from '../disks/write-json.ts';

/** A role of the lab's account. Documents are as they came. */
export interface LabRole {
  id: string;
  created: number;
  description: string;
  trust: string;
  policies: Record<string, string>;
  attached: string[];
  tags: Record<string, string>;
}

export interface IamService extends AwsService {
  role(name: string): Promise<LabRole | undefined>;
}

type Roles = Record<string, LabRole>;

/** Source: IAM API reference, "Common errors" and those of each action. */
const noRole = (name: string) =>
  new ApiError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
const malformed = () => new ApiError('MalformedPolicyDocument', 'Syntax errors in policy.', 400);

const xml = (text: string): string => text.replace(/[&<>"]/g, each => `&#${each.charCodeAt(0)};`);
const members = (items: readonly string[]): string => items.map(item => `<member>${item}</member>`).join('');
const ended = '<IsTruncated>false</IsTruncated>';

/** Unlike EC2, IAM wraps its one error. Source: IAM API reference, "Common errors". */
const refusal = ({ code, status, message }: ApiError, id: string) => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${xml(message)}</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`,
});

/** IAM's roles, of which policies are their own. */
export function iamService({
  dir,
  account,
  clock,
  random,
}: {
  /** Folder of its own; made when the first role is. */
  dir: string;
  account: string;
  clock: Clock;
  random: Random;
}): IamService {
  const file = join(dir, 'roles.json');
  const inTurn = takeTurns();
  const read = async (): Promise<Roles> => (await readJson<Roles>(file)) ?? {};

  const described = (name: string, { id, created, description, trust, tags }: LabRole): string =>
    [
      `<Path>/</Path><RoleName>${xml(name)}</RoleName><RoleId>${id}</RoleId>`,
      `<Arn>arn:aws:iam::${account}:role/${xml(name)}</Arn>`,
      `<CreateDate>${new Date(created).toISOString()}</CreateDate>`,
      `<AssumeRolePolicyDocument>${xml(encodeURIComponent(trust))}</AssumeRolePolicyDocument>`,
      `<Description>${xml(description)}</Description>`,
      `<Tags>${members(Object.entries(tags).map(([key, value]) => `<Key>${xml(key)}</Key><Value>${xml(value)}</Value>`))}</Tags>`,
    ].join('');

  function perform(query: URLSearchParams, roles: Roles): string {
    const action = query.get('Action') ?? '';
    const name = query.get('RoleName') ?? '';
    const policy = query.get('PolicyName') ?? '';
    const own = (): LabRole => {
      if (!Object.hasOwn(roles, name)) throw noRole(name);
      return roles[name]!;
    };
    const document = (of: string): string => {
      const text = query.get(of) ?? '';
      try {
        if ((JSON.parse(text) as { Version?: string }).Version === '2012-10-17') return text;
      } catch {}
      throw malformed();
    };
    switch (action) {
      case 'CreateRole': {
        if (!/^[\w+=,.@-]{1,64}$/.test(name))
          throw new ApiError('ValidationError', `The name ${name} of a role is not valid.`, 400);
        if (Object.hasOwn(roles, name))
          throw new ApiError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
        const tags: Record<string, string> = {};
        for (let n = 1; query.has(`Tags.member.${n}.Key`); n++)
          tags[query.get(`Tags.member.${n}.Key`)!] = query.get(`Tags.member.${n}.Value`) ?? '';
        roles[name] = {
          id: `AROA${random.bytes(8).toString('hex').toUpperCase()}`,
          created: clock.now(),
          description: query.get('Description') ?? '',
          trust: document('AssumeRolePolicyDocument'),
          policies: {},
          attached: [],
          tags,
        };
        return `<Role>${described(name, roles[name])}</Role>`;
      }
      case 'GetRole':
        return `<Role>${described(name, own())}</Role>`;
      case 'ListRoles':
        return `<Roles>${members(Object.entries(roles).map(([each, role]) => described(each, { ...role, tags: {} })))}</Roles>${ended}`;
      case 'UpdateAssumeRolePolicy':
        own().trust = document('PolicyDocument');
        return '';
      case 'PutRolePolicy':
        own().policies[policy] = document('PolicyDocument');
        return '';
      case 'GetRolePolicy': {
        const text = own().policies[policy];
        if (text === undefined)
          throw new ApiError('NoSuchEntity', `The role policy with name ${policy} cannot be found.`, 404);
        return `<RoleName>${xml(name)}</RoleName><PolicyName>${xml(policy)}</PolicyName><PolicyDocument>${xml(encodeURIComponent(text))}</PolicyDocument>`;
      }
      case 'ListRolePolicies':
        return `<PolicyNames>${members(Object.keys(own().policies).map(xml))}</PolicyNames>${ended}`;
      case 'DeleteRolePolicy':
        delete own().policies[policy];
        return '';
      case 'ListAttachedRolePolicies':
        return `<AttachedPolicies>${members(own().attached.map(arn => `<PolicyName>${xml(arn.split('/').at(-1)!)}</PolicyName><PolicyArn>${xml(arn)}</PolicyArn>`))}</AttachedPolicies>${ended}`;
      case 'AttachRolePolicy':
        own().attached.push(query.get('PolicyArn') ?? '');
        return '';
      case 'DetachRolePolicy':
        own().attached = own().attached.filter(arn => arn !== query.get('PolicyArn'));
        return '';
      case 'TagRole':
        for (let n = 1; query.has(`Tags.member.${n}.Key`); n++)
          own().tags[query.get(`Tags.member.${n}.Key`)!] = query.get(`Tags.member.${n}.Value`) ?? '';
        return '';
      case 'UntagRole':
        for (let n = 1; query.has(`TagKeys.member.${n}`); n++)
          delete own().tags[query.get(`TagKeys.member.${n}`)!];
        return '';
      case 'DeleteRole': {
        const { policies, attached } = own();
        if (Object.keys(policies).length > 0 || attached.length > 0)
          throw new ApiError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
        delete roles[name];
        return '';
      }
      default:
        throw new ApiError('InvalidAction', `The lab's IAM does not know ${action}.`, 400);
    }
  }

  return {
    role: async name => {
      const roles = await read();
      return Object.hasOwn(roles, name) ? roles[name] : undefined;
    },
    answer: ({ body, id, role }) =>
      inTurn(async () => {
        if (role) throw new ApiError('AccessDenied', 'The instance of the lab may do nothing in IAM.', 403);
        const query = new URLSearchParams(body.toString());
        const action = query.get('Action') ?? '';
        const roles = await read();
        const before = JSON.stringify(roles);
        let result: string;
        try {
          result = perform(query, roles);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return refusal(error, id);
        }
        if (JSON.stringify(roles) !== before) {
          await mkdir(dir, { recursive: true, mode: 0o700 });
          await writeJson(file, roles);
        }
        const inner = /^(Get|List|CreateRole)/.test(action)
          ? `<${action}Result>${result}</${action}Result>`
          : '';
        return {
          status: 200,
          headers: { 'content-type': 'text/xml' },
          body: `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">${inner}<ResponseMetadata><RequestId>${id}</RequestId></ResponseMetadata></${action}Response>`,
        };
      }),
  };
}
