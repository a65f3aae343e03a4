import type { AwsRecovery } from '../../../aws/recovery/cloud.ts';
import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import type { Step } from '../../../engine/model/resource-type.ts';
import { until } from '../../../io/until.ts';
import { MADE_BY } from '../../../recovery/model/made-by.ts';
import { type FoundNetwork, NETWORK_TAG, nameServersOf } from '../../../recovery/model/networks.ts';
import { bringGroup } from '../../../recovery/target/guard-groups.ts';
import { claimed, demandOurs, isMarked } from '../../shared/ownership.ts';
import type { IsolatedNetworkProperties } from './isolated-network-schema.ts';
import {
  groupName,
  type NetworkState,
  onlyItself,
  troubleWith,
  usualServers,
} from './isolated-network-state.ts';

type Change = Exclude<Step<IsolatedNetworkProperties, NetworkState>, { kind: 'delete' }>;

const type = 'isolated_network';

/** EC2 doesn't see everywhere at once what was just made. */
const patience = { every: 2_000, atMost: 120_000 };

/**
 * Makes a network what it is to be, from wherever it stands: each part is looked for by the network's tag
 * and made when it isn't there.
 */
export async function bring(step: Change, cloud: AwsRecovery, io: WriteIo): Promise<void> {
  const { networks, groups } = cloud;
  const { title, properties } = step.asked;
  const { signal } = step;
  const cidr = properties.cidr ?? '';
  const find = async () => {
    const found = (await networks.find(title, signal)).get(title) ?? [];
    const trouble = troubleWith(title, found);
    if (trouble) throw new Failure(trouble);
    return found[0];
  };
  /** What was just made, once it is seen. */
  const see = (what: string, isThere: (found: FoundNetwork) => boolean): Promise<FoundNetwork> =>
    until(
      io.clock,
      async () => {
        const found = await find();
        return found && isThere(found) ? found : undefined;
      },
      { ...patience, what: `${what} of ${title}`, signal },
    );

  let found = await find();
  if (!found) {
    await io.step('create-vpc');
    const claim = await claimed(type, title, io);
    await networks.createVpc(title, cidr, claim.tags[MADE_BY]!, signal);
    found = await see('the VPC', () => true);
    await claim.made(found.vpc);
  } else if (!isMarked(found.tags)) {
    await io.step('tag-vpc');
    const claim = await claimed(type, title, io);
    await claim.made(found.vpc);
    await cloud.shells.tag(found.vpc, claim.tags, signal);
    found = await see('its tag', ({ tags }) => isMarked(tags));
  }
  const { vpc } = found;
  const servers = properties.name_servers ?? usualServers;
  if (nameServersOf(found) !== servers) {
    await io.step('name-servers');
    await networks.setNameServers(title, found, servers, signal);
    found = await see('the DHCP options', now => nameServersOf(now) === servers);
  }
  if (!found.table) {
    await io.step('create-routes');
    await networks.createTable(title, vpc, signal);
    found = await see('the route table', ({ table }) => table !== undefined);
  }
  const { table } = found;
  for (const route of table!.routes) {
    await io.step('delete-route');
    await networks.removeRoute(table!.id, route, signal);
  }
  await bringSubnets({ ...step, found }, cloud, io, see);
  await io.step('group');
  const name = groupName(title);
  const tags = { [NETWORK_TAG]: title };
  const description = `${title}: machines of a test reach only each other`;
  await bringGroup(groups, { name, vpc, description, tags, rules: onlyItself }, signal);
  await removeSpare(title, cloud, io, signal);
}

async function bringSubnets(
  { asked: { title, properties }, found, signal }: Change & { found: FoundNetwork },
  { networks }: AwsRecovery,
  io: WriteIo,
  see: (what: string, isThere: (found: FoundNetwork) => boolean) => Promise<FoundNetwork>,
): Promise<void> {
  const wanted = Object.entries(properties.subnets ?? {});
  // First, as those that come may lie where these are.
  for (const { id, cidr, zone } of found.subnets) {
    if (wanted.some(each => each[0] === cidr && each[1] === zone)) continue;
    await io.step('delete-subnet');
    if (!(await networks.removeSubnet(id, signal)))
      throw new Failure(inUse(title, `the subnet ${cidr} (${id})`));
  }
  for (const [cidr, zone] of wanted) {
    const isIt = (one: FoundNetwork['subnets'][number]) => one.cidr === cidr && one.zone === zone;
    let now = found;
    if (!now.subnets.some(isIt)) {
      await io.step('create-subnet');
      await networks.createSubnet(title, found.vpc, { cidr, zone }, signal);
      now = await see(`the subnet ${cidr}`, ({ subnets }) => subnets.some(isIt));
    }
    const subnet = now.subnets.find(isIt)!;
    if (subnet.ownRoutes && !subnet.publicAddresses) continue;
    await io.step('shut-subnet');
    await networks.shutSubnet(subnet, found.table!.id, signal);
  }
}

/** What was made twice after an answer that was lost: it has the network's tag, and nothing uses it. */
async function removeSpare(
  title: string,
  { networks }: AwsRecovery,
  io: WriteIo,
  signal: AbortSignal,
): Promise<void> {
  const [found] = (await networks.find(title, signal)).get(title) ?? [];
  for (const id of found?.spare.dhcp ?? []) {
    await io.step('delete-unused');
    await networks.removeDhcp(id, signal);
  }
  for (const id of found?.spare.tables ?? []) {
    await io.step('delete-unused');
    await networks.removeTable(id, signal);
  }
}

/**
 * Removes what has the network's tag, of a VPC that converge made or took over; what others put in there
 * keeps it from being removed.
 */
export async function remove(
  step: Extract<Step<IsolatedNetworkProperties, NetworkState>, { kind: 'delete' }>,
  { networks, groups }: AwsRecovery,
  io: WriteIo,
): Promise<void> {
  const { title } = step.asked;
  const { signal } = step;
  const gone = async (what: string, removed: Promise<boolean>) => {
    if (!(await removed)) throw new Failure(inUse(title, what));
  };
  const [found, ...more] = (await networks.find(title, signal)).get(title) ?? [];
  if (more.length > 0) throw new Failure(troubleWith(title, [found!, ...more])!);
  if (!found) return;
  await demandOurs({ type, title, id: found.vpc, tags: found.tags }, io);
  for (const { id, cidr } of found.subnets) {
    await io.step('delete-subnet');
    await gone(`the subnet ${cidr} (${id})`, networks.removeSubnet(id, signal));
  }
  for (const { id, vpc, name } of await groups.list({ tags: { [NETWORK_TAG]: title } }, signal)) {
    if (vpc !== found.vpc) continue;
    await io.step('delete-group');
    await gone(`the security group ${name} (${id})`, groups.remove(id, signal));
  }
  for (const id of [...(found.table ? [found.table.id] : []), ...found.spare.tables]) {
    await io.step('delete-routes');
    await gone(`the route table ${id}`, networks.removeTable(id, signal));
  }
  // Before the VPC: afterwards nothing would say whose they are.
  await io.step('delete-dhcp');
  await networks.setNameServers(title, found, 'none', signal);
  for (const id of [...(found.dhcp?.ours ? [found.dhcp.id] : []), ...found.spare.dhcp])
    await gone(`the DHCP options ${id}`, networks.removeDhcp(id, signal));
  await io.step('delete-vpc');
  await gone(`the VPC ${found.vpc}`, networks.removeVpc(found.vpc, signal));
}

const inUse = (title: string, what: string): Diagnostic =>
  world('network-in-use', `isolated_network ${title}: ${what} is still in use`, {
    hint: 'end what runs in it: `converge failover cleanup PLAN`; take out what others put there',
  });
