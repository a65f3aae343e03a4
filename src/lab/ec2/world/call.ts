import type { TagSpecification } from '@aws-sdk/client-ec2';
import type { FleetMember } from '../../instance/member.ts';
import { refuse } from './errors.ts';
import type { Ec2Fault } from './faults.ts';
import type { Draft } from './world.ts';

/** Content of an object, by ranges. */
export interface ObjectContent {
  bytes: number;
  read(offset: number, length: number): Promise<Buffer>;
}
export type ObjectsOf = (bucket: string, key: string) => Promise<ObjectContent | undefined>;
/** A role of the account: whom it trusts, and its policies, as texts. */
export type RolesOf = (
  name: string,
) => Promise<{ trust: string; policies: Record<string, string> } | undefined>;

/** What an action of EC2 works with. */
export interface Ec2Call extends Draft {
  action: string;
  /** Instances that a fleet's test made, which EC2 lists as well. */
  fleet: readonly FleetMember[];
  /** The screen of an instance that QEMU runs. */
  photograph(id: string): Promise<Buffer | undefined>;
  /** An object of the account's S3; undefined where there is none, or no S3. */
  object: ObjectsOf;
  iamRole: RolesOf;
  /** A fault of that kind that is armed for `values`; it is then used up. */
  fault(kind: Ec2Fault['kind'], values: Readonly<Record<string, string>>): Ec2Fault | undefined;
}

/** Actions by name; input and output as the model names them. They throw ApiError. */
export type Ec2Actions = Record<string, (input: never, call: Ec2Call) => Promise<object> | object>;

/** Most tags of one resource. Source: Amazon EC2 user guide, "Tag restrictions". */
const mostTags = 50;

/** Keeps tags of a resource. Throws ApiError for what can't be a tag. */
export function setTags(
  { state }: { state: Draft['state'] },
  id: string,
  tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = [],
): void {
  if (tags.length === 0) return;
  const kept = { ...state.tags[id] };
  for (const { Key = '', Value = '' } of tags) {
    if (Key === '' || Key.length > 127 || /^aws:/i.test(Key))
      throw refuse.parameter(
        `Tag keys can't be empty, longer than 127 characters or begin with aws: '${Key}'`,
      );
    if (Value.length > 255) throw refuse.parameter(`The tag value of ${Key} is longer than 255 characters`);
    kept[Key] = Value;
  }
  if (Object.keys(kept).length > mostTags)
    throw refuse.other('TagLimitExceeded', `More than ${mostTags} tags for ${id}`);
  state.tags[id] = kept;
}

/** The tags that a request gives what it makes of `kind`, e.g. `volume`. Throws ApiError for other kinds. */
export function requestedTags(
  specifications: readonly TagSpecification[] | undefined,
  kind: string,
  others: readonly string[] = [],
): NonNullable<TagSpecification['Tags']> {
  const wrong = specifications?.find(
    ({ ResourceType }) => ResourceType !== kind && !others.includes(ResourceType ?? ''),
  );
  if (wrong)
    throw refuse.parameter(
      `'${wrong.ResourceType}' is not a valid taggable resource type for this operation.`,
    );
  return (specifications ?? []).filter(it => it.ResourceType === kind).flatMap(it => it.Tags ?? []);
}

/**
 * Makes something once per token: the same request with the same token gives what the first one made, another
 * request with it is refused. Source: Amazon EC2 API reference, "Ensuring idempotency".
 */
export async function once(
  call: Ec2Call,
  token: string | undefined,
  input: object,
  make: () => Promise<string[]> | string[],
): Promise<string[]> {
  if (token === undefined || token === '') return make();
  if (token.length > 64) throw refuse.parameter('The client token is longer than 64 characters');
  const { ClientToken: _, DryRun: __, ...rest } = input as Record<string, unknown>;
  const asked = JSON.stringify(rest, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  const key = `${call.action} ${token}`;
  const known = call.state.tokens[key];
  if (known && known.asked !== asked)
    throw refuse.other(
      'IdempotentParameterMismatch',
      'The client token you have provided is associated with a resource that has different parameters.',
    );
  if (known) return known.made;
  const made = await make();
  call.state.tokens[key] = { asked, made };
  return made;
}
