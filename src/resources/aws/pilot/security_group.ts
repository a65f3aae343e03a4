import { type Static, Type } from 'typebox';
import type { AwsRecovery } from '../../../aws/recovery/cloud.ts';
import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Adoptable,
  Asked,
  BuiltInType,
  Listed,
  ListQuery,
  Mistake,
  Observation,
  Step,
} from '../../../engine/model/resource-type.ts';
import { until } from '../../../io/until.ts';
import { type CloudGroup, rulesBetween } from '../../../recovery/model/groups.ts';
import { MADE_BY } from '../../../recovery/model/made-by.ts';
import { eachStep } from '../../shared/each-step.ts';
import { claimed, demandOurs, isMarked } from '../../shared/ownership.ts';
import {
  egressSchema,
  ingressSchema,
  isBadNetwork,
  lineOf,
  linesOf,
  portRange,
  ruleOf,
} from './security-group-rules.ts';

/** On every group that is ours. */
export const GROUP_TAG = 'converge:security-group';

export const schema = Type.Object(
  {
    vpc: Type.Optional(
      Type.String({ pattern: '^vpc-[0-9a-f]+$', description: 'The VPC that it is in; for good.' }),
    ),
    description: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        description: 'Of a new group; EC2 changes it never more.',
      }),
    ),
    ingress: Type.Optional(
      Type.Array(ingressSchema, { description: 'All that is let in; nothing when left out.' }),
    ),
    egress: Type.Optional(
      Type.Array(egressSchema, {
        description: 'All that is let out; everything when left out, as EC2 gives a new group.',
      }),
    ),
  },
  { additionalProperties: false },
);
type Properties = Static<typeof schema>;

interface GroupState {
  ingress: string[];
  egress: string[];
  /** Whether it has our tags; `unrecorded`: no record can say that it was made by converge. */
  owner: 'converge' | 'somebody else' | 'unrecorded';
}

const everywhere = ['all to 0.0.0.0/0'];

const desiredState = ({ ingress = [], egress }: Properties): GroupState => ({
  ingress: linesOf(ingress),
  egress: egress ? linesOf(egress) : everywhere,
  owner: 'converge',
});

function check({ ingress = [], egress = [] }: Properties, title: string): Mistake[] {
  const found: Mistake[] = [];
  if (title.startsWith('sg-') || title === 'default' || title.length > 255)
    found.push(
      mistake(
        '',
        'group-name',
        `EC2 takes no new security group of the name ${JSON.stringify(title)}`,
        'name it otherwise',
      ),
    );
  for (const [way, rules] of [
    ['ingress', ingress],
    ['egress', egress],
  ] as const)
    for (const [n, { protocol, ports, ...peers }] of rules.entries()) {
      const [from, to] = portRange(ports);
      const [where, all] = 'from' in peers ? (['from', peers.from] as const) : (['to', peers.to] as const);
      for (const [m, peer] of all.entries())
        if (isBadNetwork(peer))
          found.push(
            mistake(
              `/${way}/${n}/${where}/${m}`,
              'wrong-cidr',
              `${peer} is not an IPv4 or IPv6 network`,
              undefined,
            ),
          );
      if (ports !== undefined && (protocol === 'all' || protocol === 'icmp'))
        found.push(
          mistake(`/${way}/${n}/ports`, 'wrong-ports', `${protocol} has no ports`, 'leave `ports` out'),
        );
      else if (to > 65_535 || from > to)
        found.push(
          mistake(
            `/${way}/${n}/ports`,
            'wrong-ports',
            `the ports ${ports} don't go from low to high, up to 65535`,
            undefined,
          ),
        );
    }
  return found;
}

/** Peers as the declaration calls them. */
const wordsIn = ({ ingress = [], egress = [] }: Properties): ReadonlySet<string> =>
  new Set([...ingress.flatMap(({ from }) => from), ...egress.flatMap(({ to }) => to)]);

function stateOf(
  group: CloudGroup,
  title: string,
  groups: readonly CloudGroup[],
  words: ReadonlySet<string>,
): GroupState {
  const lines = (egress: boolean) =>
    [
      ...new Set(
        group.rules.filter(rule => rule.egress === egress).map(rule => lineOf(rule, group, groups, words)),
      ),
    ].sort();
  return {
    ingress: lines(false),
    egress: lines(true),
    owner:
      group.tags[GROUP_TAG] !== title ? 'somebody else' : isMarked(group.tags) ? 'converge' : 'unrecorded',
  };
}

async function observe(
  { title, properties }: Asked<Properties>,
  { groups }: AwsRecovery,
  io: ReadIo,
): Promise<Observation<GroupState>> {
  const all =
    properties.vpc === undefined
      ? await groups.list({ tags: { [GROUP_TAG]: title } }, io.signal)
      : await groups.list({ vpc: properties.vpc }, io.signal);
  const found = all.filter(({ name }) => name === title);
  const [group] = found;
  if (!group) return { state: 'absent' };
  if (found.length > 1) return { state: 'failed', diagnostic: several(title, found) };
  return {
    state: 'present',
    value: stateOf(group, title, all, wordsIn(properties)),
    shows: { id: group.id },
  };
}

const several = (title: string, found: readonly CloudGroup[]): Diagnostic =>
  world(
    'group-ambiguous',
    `${found.length} security groups are called ${title}: ${found.map(({ id, vpc }) => `${id} in ${vpc}`).join(', ')}`,
    {
      hint: 'say which by `vpc`',
    },
  );

/** EC2 doesn't see everywhere at once what was just made. */
const patience = { every: 2_000, atMost: 120_000 };

/** Makes it so from wherever it stands; only what converge made or took over is removed. */
async function change(step: Step<Properties, GroupState>, cloud: AwsRecovery, io: WriteIo): Promise<void> {
  const { groups, shells } = cloud;
  const { signal } = step;
  const { title, properties } = step.asked;
  const look = async () => {
    const { vpc } = properties;
    const all = await groups.list(vpc === undefined ? { tags: { [GROUP_TAG]: title } } : { vpc }, signal);
    return { all, group: all.find(({ name }) => name === title) };
  };
  let { all, group } = await look();
  if (step.kind === 'delete') {
    if (!group) return;
    if (group.tags[GROUP_TAG] !== title) throw new Failure(foreign(title, group));
    await demandOurs({ type: 'security_group', title, id: group.id, tags: group.tags }, io);
    await io.step('delete-group');
    if (!(await groups.remove(group.id, signal)))
      throw new Failure(
        world('group-in-use', `${title} (${group.id}) is used by something in ${group.vpc}`, {
          hint: 'remove what has it, or names it in a rule, then run again',
        }),
      );
    return;
  }
  if (!group) {
    await io.step('create-group');
    const description = properties.description ?? title;
    const claim = await claimed('security_group', title, io);
    await groups.create(
      { name: title, vpc: properties.vpc!, description, tags: { [GROUP_TAG]: title, ...claim.tags } },
      signal,
    );
    ({ all, group } = await until(
      io.clock,
      async () => {
        const now = await look();
        return now.group ? now : undefined;
      },
      { ...patience, what: `the security group ${title}`, signal },
    ));
    await claim.made(group!.id);
  }
  const it = group!;
  if (it.tags[GROUP_TAG] !== title || !isMarked(it.tags)) {
    await io.step('tag-group');
    const claim = await claimed('security_group', title, io);
    await claim.made(it.id);
    await shells.tag(it.id, { [GROUP_TAG]: title, ...claim.tags }, signal);
  }
  const { ingress, egress } = desiredState(properties);
  const against: Diagnostic[] = [];
  const should = [...ingress, ...egress].flatMap(line => {
    const rule = ruleOf(line, it.id, name => all.find(one => one.name === name)?.id);
    if (!rule)
      against.push(
        world('group-not-found', `${title}: there is no security group for \`${line}\` in ${it.vpc}`, {
          hint: 'declare it, or correct its name',
        }),
      );
    return rule ?? [];
  });
  if (against.length > 0) throw new Failure(against);
  const { tooMany, missing } = rulesBetween(it.rules, should);
  // First what is missing, so that nothing that goes on being allowed is cut off.
  if (missing.length > 0) {
    await io.step('allow');
    await groups.allow(it.id, missing, signal);
  }
  if (tooMany.length > 0) {
    await io.step('revoke');
    await groups.revoke(it.id, tooMany, signal);
  }
}

const foreign = (title: string, { id }: CloudGroup): Diagnostic =>
  world('group-foreign', `the security group ${title} (${id}) isn't converge's: it is left alone`, {
    hint: `remove it in EC2, or give it the tag ${GROUP_TAG}=${title} first`,
  });

interface ListedGroup {
  group: CloudGroup;
  state: GroupState;
}

/** EC2's own, and those that a target, a network of tests or a run has made for itself. */
const isOfAnother = ({ name, tags }: CloudGroup): boolean =>
  name === 'default' ||
  Object.keys(tags).some(key => key.startsWith('converge:') && key !== GROUP_TAG && key !== MADE_BY);

async function* listGroups(
  { titles }: ListQuery<Properties>,
  io: ReadIo,
): AsyncIterable<Listed<ListedGroup>> {
  const { groups } = await io.client('recovery');
  const all = await groups.list({ tags: {} }, io.signal);
  for (const group of all) {
    if (titles ? !titles.includes(group.name) : isOfAnother(group)) continue;
    const state = stateOf(group, group.name, all, new Set());
    yield { state: 'present', value: { group, state } };
  }
  for (const title of titles ?? [])
    if (!all.some(({ name }) => name === title))
      yield {
        state: 'failed',
        diagnostic: world('group-not-found', `there is no security group ${title}`, {
          hint: 'declare it: applying it makes one',
        }),
      };
}

/** Lines of one protocol and its ports become one rule. */
function rulesOf<K extends 'from' | 'to'>(lines: readonly string[], way: K) {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const [what = '', peer = ''] = line.split(` ${way} `);
    found.set(what, [...(found.get(what) ?? []), peer]);
  }
  return [...found].map(([what, peers]) => {
    const [protocol, ports] = what.split(' ');
    return { protocol, ...(ports !== undefined && { ports }), [way]: peers };
  });
}

export const securityGroup: BuiltInType<typeof schema, GroupState, ListedGroup> = {
  name: 'security_group',
  doc: `A security group of a VPC. The title is its name.

Its rules are exactly those that are declared, each with groups by name. One of that name that isn't converge's is a
difference that the plan shows, and becomes converge's when it is applied. Only what has the tag \`${GROUP_TAG}\`, and a
record that converge made it or took it over, is ever removed.`,
  version: 1,
  schema,
  neededUnlessAbsent: ['vpc'],
  runs: { on: 'remote', target: 'aws' },
  realm: { name: 'ec2', concurrency: 4 },
  shows: { id: 'Id of the group.' },
  check,
  identity: (_, title) => title,
  desired: desiredState,
  async observe(asked, io) {
    const cloud = await io.client('recovery');
    return new Map(
      await Promise.all(asked.map(async one => [one.id, await observe(one, cloud, io)] as const)),
    );
  },
  list: listGroups,
  toManifest: ({ group, state }): Adoptable => ({
    title: group.name,
    properties: {
      vpc: group.vpc,
      ...(state.ingress.length > 0 && { ingress: rulesOf(state.ingress, 'from') as never }),
      ...(state.egress.join() !== everywhere.join() && { egress: rulesOf(state.egress, 'to') as never }),
    },
    exists: true,
    note: group.id,
  }),
  async apply(steps, io) {
    const cloud = await io.client('recovery');
    return eachStep(steps, step => change(step, cloud, io));
  },
};
