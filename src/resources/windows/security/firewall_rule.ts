import { given } from '../../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Asked, BuiltInType, Id, Observation, Step } from '../../../engine/model/resource-type.ts';
import {
  addressList,
  type FirewallRule,
  interfaceType,
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
import { contradictions } from './check-firewall-rule.ts';
import { type FirewallProperties, type FirewallState, profiles, schema } from './firewall-properties.ts';

export const firewallRule: BuiltInType<typeof schema, FirewallState> = {
  name: 'firewall_rule',
  doc: `A rule of Windows' firewall; the title is its name, as wf.msc shows it, or \`name:\` says it.

Windows takes several rules of one name. A title alone means all of that name and direction: they are made like the
declared one. With \`name:\` and any of protocol, ports, program and service it is one of several, which these tell apart
(what isn't declared of them is any): change one of them, and the rule as it was stays until it is declared absent.
What else isn't declared isn't managed.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'firewall', concurrency: 1, alsoDirties: writesRegistry('firewall') },
  neededUnlessAbsent: ['action'],
  check: contradictions,
  identity: (properties, title) => idOf(title, properties),
  desired: ({
    direction = 'in',
    action,
    profile,
    program,
    interface_type,
    edge_traversal,
    description,
    ...rest
  }) => ({
    direction,
    ...(action !== undefined && { action }),
    ...selectorsOf(rest),
    ...(rest.local_address !== undefined && { local_address: addressList(joined(rest.local_address)) }),
    ...(rest.remote_address !== undefined && { remote_address: addressList(joined(rest.remote_address)) }),
    ...(profile !== undefined && { profile: profilesOf(profile) }),
    ...(program !== undefined && { program }),
    ...(interface_type !== undefined && { interface_type }),
    ...(edge_traversal !== undefined && { edge_traversal }),
    ...(description !== undefined && { description }),
    ...(rest.enabled !== undefined && { enabled: rest.enabled }),
  }),
  async observe(asked, io) {
    try {
      const rules = await readRules(io, [...new Set(asked.map(nameOf))]);
      return new Map(asked.map(one => [one.id, clash(one, asked) ?? look(one, rules, io)]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

const nameOf = ({ title, properties }: Pick<Asked<FirewallProperties>, 'title' | 'properties'>): string =>
  properties.name ?? title;

/** All rules of a name and a direction, or the ones that its selectors pick out of them. */
function idOf(title: string, properties: FirewallProperties): Id {
  const { name, direction = 'in', program } = properties;
  const all = `${direction} ${(name ?? title).toLowerCase()}`;
  if (meansAll(properties)) return all;
  const path = program?.replaceAll('/', '\\').toLowerCase();
  return `${all} ${canonicalJson({ ...selectorsOf(properties), ...(path !== undefined && { program: path }) })}`;
}

/** Whether it stands for whatever has its name and its direction. */
const meansAll = ({
  name,
  protocol,
  local_port,
  remote_port,
  program,
  service,
}: FirewallProperties): boolean =>
  name === undefined ||
  [protocol, local_port, remote_port, program, service].every(selector => selector === undefined);

/** What tells rules of one name apart, in canonical form; the program's path depends on the machine. */
const selectorsOf = ({ protocol, local_port, remote_port, service }: FirewallProperties) => ({
  ...(protocol !== undefined && { protocol: protocolName(protocol) }),
  ...(local_port !== undefined && { local_port: portList(joined(local_port)) }),
  ...(remote_port !== undefined && { remote_port: portList(joined(remote_port)) }),
  ...(service !== undefined && { service: service.toLowerCase() }),
});

/** A title that means all rules of a name, and another resource that means one of them. */
function clash(
  { title, properties }: Asked<FirewallProperties>,
  asked: readonly Asked<FirewallProperties>[],
): Observation<FirewallState> | undefined {
  if (!meansAll(properties)) return undefined;
  const key = (one: Pick<Asked<FirewallProperties>, 'title' | 'properties'>) =>
    `${one.properties.direction ?? 'in'} ${nameOf(one).toLowerCase()}`;
  const other = asked.find(one => !meansAll(one.properties) && key(one) === key({ title, properties }));
  if (!other) return undefined;
  return {
    state: 'failed',
    diagnostic: given(
      'contradiction',
      `\`${other.title}\` is one of the rules that \`${title}\` means all of`,
      {
        hint: `add \`name: ${title}\` and what tells it apart`,
      },
    ),
  };
}

const joined = (value: string | string[]): string => [value].flat().join(',');

const profilesOf = (value: NonNullable<FirewallProperties['profile']>): string[] => {
  const names: string[] = [value].flat();
  return profiles.every(name => names.includes(name)) ? ['any'] : [...new Set(names)].sort();
};

/** Of several rules that are meant the first that differs. */
function look(one: Asked<FirewallProperties>, rules: FirewallRule[], io: ReadIo): Observation<FirewallState> {
  const { direction = 'in' } = one.properties;
  const selectors = meansAll(one.properties) ? [] : Object.entries(picking(one.properties));
  const is = (state: FirewallState, [key, value]: [string, unknown]) =>
    canonicalJson(state[key as keyof FirewallState] ?? null) === canonicalJson(value);
  const named = rules
    .filter(rule => rule.name.toLowerCase() === nameOf(one).toLowerCase())
    .map(rule => stateOf(rule, one.properties, io))
    .filter(state => state.direction === direction && selectors.every(selector => is(state, selector)));
  const wanted = Object.entries(firewallRule.desired(one.properties, one.id));
  const value = named.find(state => !wanted.every(field => is(state, field))) ?? named[0];
  return value ? { state: 'present', value } : { state: 'absent' };
}

/** What picks one rule out of those of its name: what isn't declared is any. */
function picking(properties: FirewallProperties): Partial<FirewallState> {
  const protocol = protocolName(properties.protocol ?? 'any');
  const ports = protocol === 'tcp' || protocol === 'udp' ? { local_port: ['any'], remote_port: ['any'] } : {};
  return {
    protocol,
    ...ports,
    service: 'any',
    program: properties.program ?? '',
    ...selectorsOf(properties),
  };
}

function stateOf(rule: FirewallRule, { program }: FirewallProperties, { env }: ReadIo): FirewallState {
  const path = (text: string) => expanded(text, env).replaceAll('/', '\\').toLowerCase();
  const same = program !== undefined && path(rule.program) === path(program);
  return {
    direction: rule.direction === 2 ? 'out' : 'in',
    action: rule.action === 1 ? 'allow' : 'block',
    protocol: protocolName(rule.protocol),
    local_port: portList(rule.localPorts),
    remote_port: portList(rule.remotePorts),
    local_address: addressList(rule.localAddresses),
    service: rule.service === '' ? 'any' : rule.service.toLowerCase(),
    interface_type: interfaceType(rule.interfaceTypes),
    edge_traversal: rule.edgeTraversal,
    description: rule.description,
    remote_address: addressList(rule.remoteAddresses),
    profile: profileList(rule.profiles),
    program: same ? program : rule.program,
    enabled: rule.enabled,
  };
}

async function act(step: Step<FirewallProperties, FirewallState>, io: WriteIo): Promise<void> {
  const { title, properties } = step.asked;
  const rule = ['advfirewall', 'firewall'];
  const named = [`name=${nameOf(step.asked)}`, `dir=${properties.direction ?? 'in'}`];
  const { program, ...others } = picking(properties);
  // netsh has no word for rules of no program.
  const picked = meansAll(properties) ? [] : valuesOf({ ...others, ...(program !== '' && { program }) });
  const what = `the firewall rule \`${title}\``;
  if (step.kind === 'delete') return netsh(io, [...rule, 'delete', 'rule', ...named, ...picked], what);
  const values = valuesOf(step.should);
  if (step.kind === 'create') return netsh(io, [...rule, 'add', 'rule', ...named, ...values], what);
  // All that is declared in one call: ports are only taken together with a protocol that has them.
  return netsh(io, [...rule, 'set', 'rule', ...named, ...picked, 'new', ...values], what);
}

function valuesOf(state: Partial<FirewallState>): string[] {
  const { action, enabled, profile, protocol, local_port, remote_port, local_address, remote_address } =
    state;
  const flag = (value: boolean | undefined) => (value === undefined ? undefined : value ? 'yes' : 'no');
  const values: Record<string, string | undefined> = {
    action,
    enable: flag(enabled),
    profile: profile?.join(','),
    protocol,
    localport: local_port?.join(','),
    remoteport: remote_port?.join(','),
    localip: local_address?.join(','),
    remoteip: remote_address?.join(','),
    program: state.program,
    service: state.service,
    interfacetype: state.interface_type,
    edge: flag(state.edge_traversal),
    description: state.description,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}
