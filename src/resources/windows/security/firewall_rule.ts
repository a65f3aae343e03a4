import Type from 'typebox';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Asked, Id, Observation, ResourceType, Step } from '../../../engine/model/resource-type.ts';
import {
  addressList,
  type FirewallRule,
  portList,
  profileList,
  protocolName,
  readRules,
} from '../../../windows/security/firewall.ts';
import { netsh } from '../../../windows/security/netsh.ts';
import { expanded } from '../../../windows/tools/programs.ts';
import { eachStep } from '../../shared/each-step.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesRegistry } from '../../shared/realms.ts';

type Profile = 'domain' | 'private' | 'public';

/** As written. */
export interface FirewallProperties {
  direction?: 'in' | 'out';
  action?: 'allow' | 'block';
  protocol?: string;
  local_port?: string | string[];
  remote_address?: string | string[];
  profile?: Profile | 'any' | Profile[];
  program?: string;
  enabled?: boolean;
}

export interface FirewallState {
  direction: 'in' | 'out';
  action: 'allow' | 'block';
  protocol?: string;
  /** Lists in their one form, `any` alone or sorted. */
  local_port?: string[];
  remote_address?: string[];
  profile?: string[];
  program?: string;
  enabled?: boolean;
}

const profiles = ['domain', 'private', 'public'] as const;
const oneOrMore = (description: string) =>
  Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description,
      'x-unordered': true,
    }),
  );

const schema = Type.Object(
  {
    direction: Type.Optional(
      Type.Union([Type.Literal('in'), Type.Literal('out')], {
        description: 'Of the connections that it is for; `in` when left out.',
      }),
    ),
    action: Type.Optional(
      Type.Union([Type.Literal('allow'), Type.Literal('block')], { description: 'What happens to them.' }),
    ),
    protocol: Type.Optional(
      Type.String({
        description: '`tcp`, `udp`, `icmpv4`, `icmpv6`, `any`, or its number.',
        pattern: '^([Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ii][Cc][Mm][Pp][Vv][46]|[Aa][Nn][Yy]|\\d{1,3})$',
      }),
    ),
    local_port: oneOrMore('Ports of this machine: `443`, `5000-5010`, a list, or `any`.'),
    remote_address: oneOrMore(
      'Addresses of the others: `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, `LocalSubnet`, a list, or `any`.',
    ),
    profile: Type.Optional(
      Type.Union(
        [
          Type.Union([...profiles, 'any' as const].map(name => Type.Literal(name))),
          Type.Array(Type.Union(profiles.map(name => Type.Literal(name))), { minItems: 1 }),
        ],
        {
          description: 'Networks on which it holds: `domain`, `private`, `public`, or `any`.',
          'x-unordered': true,
        },
      ),
    ),
    program: Type.Optional(
      Type.String({ description: 'Path of the one program that it is for.', minLength: 1 }),
    ),
    enabled: Type.Optional(Type.Boolean({ description: 'Whether it holds now.' })),
  },
  { additionalProperties: false },
);

export const firewallRule: ResourceType<FirewallProperties, FirewallState> = {
  name: 'firewall_rule',
  doc: `A rule of Windows' firewall; the title is its name, as wf.msc shows it.

Name and direction tell rules apart. Windows takes several of one name: then all of them are made like the
declared one. What isn't declared isn't managed.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'firewall', concurrency: 1, alsoDirties: writesRegistry('firewall') },
  neededUnlessAbsent: ['action'],
  identity(properties, title) {
    refuseContradictions(properties, title);
    return idOf(title, properties);
  },
  desired: ({
    direction = 'in',
    action,
    protocol,
    local_port,
    remote_address,
    profile,
    program,
    enabled,
  }) => ({
    direction,
    ...(action !== undefined && { action }),
    ...(protocol !== undefined && { protocol: protocolName(protocol) }),
    ...(local_port !== undefined && { local_port: portList(joined(local_port)) }),
    ...(remote_address !== undefined && { remote_address: addressList(joined(remote_address)) }),
    ...(profile !== undefined && { profile: profilesOf(profile) }),
    ...(program !== undefined && { program }),
    ...(enabled !== undefined && { enabled }),
  }),
  async observe(asked, io) {
    try {
      const rules = await readRules(io, [...new Set(asked.map(({ title }) => title))]);
      return new Map(asked.map(one => [one.id, look(one, rules, io)]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

const idOf = (name: string, { direction = 'in' }: Pick<FirewallProperties, 'direction'>): Id =>
  `${direction} ${name.toLowerCase()}`;

const joined = (value: string | string[]): string => [value].flat().join(',');

const profilesOf = (value: NonNullable<FirewallProperties['profile']>): string[] => {
  const names: string[] = [value].flat();
  return profiles.every(name => names.includes(name)) ? ['any'] : [...new Set(names)].sort();
};

function refuseContradictions({ protocol, local_port }: FirewallProperties, title: string): void {
  if (/^all$/i.test(title) || /["|]/.test(title) || title.trim() !== title || title === '')
    throw new Failure(
      given('wrong-name', `\`${title}\` can't be the name of a rule`, {
        hint: 'netsh takes `all` for every rule; quotes and bars are none of a name',
      }),
    );
  if (local_port === undefined || ['tcp', 'udp'].includes(protocolName(protocol ?? ''))) return;
  throw new Failure(
    given('contradiction', 'only `tcp` and `udp` have ports', { hint: 'add `protocol: tcp`' }),
  );
}

/** Of several rules of one name the first that differs. */
function look(one: Asked<FirewallProperties>, rules: FirewallRule[], io: ReadIo): Observation<FirewallState> {
  const named = rules
    .map(rule => ({ rule, direction: rule.direction === 2 ? ('out' as const) : ('in' as const) }))
    .filter(({ rule, direction }) => idOf(rule.name, { direction }) === one.id)
    .map(({ rule }) => stateOf(rule, one.properties, io));
  const wanted = Object.entries(firewallRule.desired(one.properties, one.id));
  const differs = (state: FirewallState) =>
    wanted.some(
      ([key, value]) => canonicalJson(state[key as keyof FirewallState] ?? null) !== canonicalJson(value),
    );
  const value = named.find(differs) ?? named[0];
  return value ? { state: 'present', value } : { state: 'absent' };
}

function stateOf(rule: FirewallRule, { program }: FirewallProperties, { env }: ReadIo): FirewallState {
  const path = (text: string) => expanded(text, env).replaceAll('/', '\\').toLowerCase();
  const same = program !== undefined && path(rule.program) === path(program);
  return {
    direction: rule.direction === 2 ? 'out' : 'in',
    action: rule.action === 1 ? 'allow' : 'block',
    protocol: protocolName(rule.protocol),
    local_port: portList(rule.localPorts),
    remote_address: addressList(rule.remoteAddresses),
    profile: profileList(rule.profiles),
    program: same ? program : rule.program,
    enabled: rule.enabled,
  };
}

async function act(step: Step<FirewallProperties, FirewallState>, io: WriteIo): Promise<void> {
  const { title, properties } = step.asked;
  const rule = ['advfirewall', 'firewall'];
  const selected = [`name=${title}`, `dir=${properties.direction ?? 'in'}`];
  const what = `the firewall rule \`${title}\``;
  if (step.kind === 'delete') return netsh(io, [...rule, 'delete', 'rule', ...selected], what);
  const values = valuesOf(step.should);
  if (step.kind === 'create') return netsh(io, [...rule, 'add', 'rule', ...selected, ...values], what);
  // All that is declared in one call: ports are only taken together with a protocol that has them.
  return netsh(io, [...rule, 'set', 'rule', ...selected, 'new', ...values], what);
}

function valuesOf({
  action,
  protocol,
  local_port,
  remote_address,
  profile,
  program,
  enabled,
}: Partial<FirewallState>) {
  const values: Record<string, string | undefined> = {
    action,
    enable: enabled === undefined ? undefined : enabled ? 'yes' : 'no',
    profile: profile?.join(','),
    protocol,
    localport: local_port?.join(','),
    remoteip: remote_address?.join(','),
    program,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
