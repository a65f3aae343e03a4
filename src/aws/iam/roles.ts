import type { IAMClient } from '@aws-sdk/client-iam';
import { callerAccount } from '../caller-identity.ts';
import { codeOf, toFailure } from '../errors.ts';
import { type AwsSettings, awsClient } from '../settings.ts';
import { withRetries } from '../with-retries.ts';

declare module '../../engine/model/io.ts' {
  interface Clients {
    iam: RoleApi;
  }
}

/** A role as IAM has it. Documents are parsed. */
export interface CloudRole {
  name: string;
  /** `AROA…`: no other role ever has it. Source: IAM User Guide, "IAM identifiers". */
  id: string;
  tags: Record<string, string>;
  trust: unknown;
  /** Policies of its own, by name. */
  policies: Record<string, unknown>;
  /** ARNs of policies that are attached to it. */
  attached: string[];
}

/** Roles of one account. All calls reject with a Failure. */
export interface RoleApi {
  /** That what is written about snapshots and machines is for. */
  readonly region: string;
  /** Twelve digits. */
  account(): Promise<string>;
  names(signal?: AbortSignal): Promise<string[]>;
  /** Undefined when there is none. */
  find(name: string, signal?: AbortSignal): Promise<CloudRole | undefined>;
  /** Its id; undefined where one of that name is there already, which is left as it is. */
  create(
    wanted: { name: string; trust: string; description: string; tags: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  setTrust(name: string, trust: string, signal?: AbortSignal): Promise<void>;
  /** Adds tags. */
  tag(name: string, tags: Record<string, string>, signal?: AbortSignal): Promise<void>;
  putPolicy(name: string, policy: string, document: string, signal?: AbortSignal): Promise<void>;
  /** One that is gone already is success, here and below. */
  removePolicy(name: string, policy: string, signal?: AbortSignal): Promise<void>;
  detach(name: string, arn: string, signal?: AbortSignal): Promise<void>;
  remove(name: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** Milliseconds without traffic. */
const silence = 30_000;

export async function connectRoles(settings: AwsSettings): Promise<RoleApi> {
  const sdk = await import('@aws-sdk/client-iam');
  const client = awsClient(sdk.IAMClient, settings, silence);
  const { region, endpoint } = settings;
  let account: Promise<string> | undefined;
  const call = async <T>(
    action: string,
    thing: string,
    run: (client: IAMClient, options: { abortSignal?: AbortSignal }) => Promise<T>,
    { signal, expected }: { signal?: AbortSignal | undefined; expected?: RegExp } = {},
  ): Promise<T | undefined> => {
    try {
      return await withRetries(abortSignal => run(client, abortSignal ? { abortSignal } : {}), settings, {
        signal,
        patience: 'polite',
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (expected?.test(codeOf(error))) return undefined;
      const about = { service: 'IAM', action: `iam:${action}`, thing, region };
      throw toFailure(error, { ...about, ...(endpoint !== undefined && { endpoint }) });
    }
  };
  const gone = /^NoSuchEntity/;
  return {
    region,
    account() {
      account ??= callerAccount(settings);
      return account;
    },
    async names(signal) {
      const found = await call(
        'ListRoles',
        'the roles of the account',
        async (on, options) => {
          const names: string[] = [];
          for await (const page of sdk.paginateListRoles({ client: on }, {}, options))
            names.push(...(page.Roles ?? []).flatMap(({ RoleName }) => RoleName ?? []));
          return names;
        },
        { signal },
      );
      return (found ?? []).sort();
    },
    async find(RoleName, signal) {
      const asking = { signal, expected: gone };
      const found = await call(
        'GetRole',
        RoleName,
        (on, options) => on.send(new sdk.GetRoleCommand({ RoleName }), options),
        asking,
      );
      if (!found?.Role) return undefined;
      const names = await call(
        'ListRolePolicies',
        RoleName,
        (on, options) => on.send(new sdk.ListRolePoliciesCommand({ RoleName }), options),
        asking,
      );
      const policies: [string, unknown][] = [];
      for (const PolicyName of names?.PolicyNames ?? []) {
        const one = await call(
          'GetRolePolicy',
          RoleName,
          (on, options) => on.send(new sdk.GetRolePolicyCommand({ RoleName, PolicyName }), options),
          asking,
        );
        if (one) policies.push([PolicyName, documentOf(one.PolicyDocument)]);
      }
      const attached = await call(
        'ListAttachedRolePolicies',
        RoleName,
        (on, options) => on.send(new sdk.ListAttachedRolePoliciesCommand({ RoleName }), options),
        asking,
      );
      return {
        name: RoleName,
        id: found.Role.RoleId ?? '',
        tags: Object.fromEntries((found.Role.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
        trust: documentOf(found.Role.AssumeRolePolicyDocument),
        policies: Object.fromEntries(policies),
        attached: (attached?.AttachedPolicies ?? []).flatMap(({ PolicyArn }) => PolicyArn ?? []),
      };
    },
    async create({ name, trust, description, tags }, signal) {
      const command = new sdk.CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: trust,
        Description: description,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      });
      const made = await call('CreateRole', name, (on, options) => on.send(command, options), {
        signal,
        expected: /^EntityAlreadyExists/,
      });
      return made?.Role?.RoleId;
    },
    async setTrust(RoleName, PolicyDocument, signal) {
      const command = new sdk.UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument });
      await call('UpdateAssumeRolePolicy', RoleName, (on, options) => on.send(command, options), { signal });
    },
    async tag(RoleName, tags, signal) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const command = new sdk.TagRoleCommand({ RoleName, Tags });
      await call('TagRole', RoleName, (on, options) => on.send(command, options), { signal });
    },
    async putPolicy(RoleName, PolicyName, PolicyDocument, signal) {
      const command = new sdk.PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument });
      await call('PutRolePolicy', RoleName, (on, options) => on.send(command, options), { signal });
    },
    async removePolicy(RoleName, PolicyName, signal) {
      const command = new sdk.DeleteRolePolicyCommand({ RoleName, PolicyName });
      await call('DeleteRolePolicy', RoleName, (on, options) => on.send(command, options), {
        signal,
        expected: gone,
      });
    },
    async detach(RoleName, PolicyArn, signal) {
      const command = new sdk.DetachRolePolicyCommand({ RoleName, PolicyArn });
      await call('DetachRolePolicy', RoleName, (on, options) => on.send(command, options), {
        signal,
        expected: gone,
      });
    },
    async remove(RoleName, signal) {
      const command = new sdk.DeleteRoleCommand({ RoleName });
      await call('DeleteRole', RoleName, (on, options) => on.send(command, options), {
        signal,
        expected: gone,
      });
    },
    close: () => client.destroy(),
  };
}

/** IAM gives documents percent-encoded. Source: IAM API reference, GetRolePolicy. */
function documentOf(text = ''): unknown {
  try {
    return JSON.parse(decodeURIComponent(text));
  } catch {
    return text;
  }
}
