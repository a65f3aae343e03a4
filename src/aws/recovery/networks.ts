import type { DhcpOptions, EC2Client, RouteTable, Subnet, Vpc } from '@aws-sdk/client-ec2';
import { MADE_BY } from '../../recovery/model/made-by.ts';
import {
  AMAZON,
  type FoundNetwork,
  type FoundRoute,
  NETWORK_TAG,
  type NetworkCloud,
  nameServersOf,
  SERVERS,
} from '../../recovery/model/networks.ts';
import { allPages, type RecoveryConnection } from './connection.ts';
import { destinationOf, doorsOf, routeWords } from './doors.ts';
import { tagsOf, toTags } from './tags.ts';

/** In the place of DHCP options: the VPC has none. Source: API reference, AssociateDhcpOptions. */
const NO_OPTIONS = 'default';

type Kind = 'vpc' | 'subnet' | 'route-table' | 'dhcp-options';

export function awsNetworks(connection: RecoveryConnection): NetworkCloud {
  const { ec2, onEc2 } = connection;
  const tagged = (kind: Kind, title: string, more: Record<string, string> = {}) => [
    { ResourceType: kind, Tags: toTags({ Name: `converge ${title}`, [NETWORK_TAG]: title, ...more }) },
  ];
  /** One call; undefined when it was refused with one of the `expected` codes. */
  const send = <T>(
    action: string,
    thing: string,
    run: (client: EC2Client, options: object) => Promise<T>,
    signal?: AbortSignal,
    expected?: RegExp,
  ) => onEc2(action, thing, run, { signal, ...(expected && { expected }) });
  /** False while something uses it. */
  const remove = async (
    action: string,
    thing: string,
    run: (client: EC2Client, options: object) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<boolean> => {
    let used = false;
    const once = async (client: EC2Client, options: object) => {
      try {
        await run(client, options);
      } catch (error) {
        used = (error as Error).name === 'DependencyViolation';
        if (!used) throw error;
      }
    };
    await send(action, thing, once, signal, /NotFound$/);
    return !used;
  };
  const removeVpc = (VpcId: string, signal?: AbortSignal) =>
    remove('DeleteVpc', VpcId, (client, o) => client.send(new ec2.DeleteVpcCommand({ VpcId }), o), signal);

  return {
    async find(title, signal) {
      const all = allPages(connection, signal);
      const Filters =
        title === undefined
          ? [{ Name: 'tag-key', Values: [NETWORK_TAG] }]
          : [{ Name: `tag:${NETWORK_TAG}`, Values: [title] }];
      const what = title ?? 'isolated networks';
      const [vpcs, subnets, tables, dhcp] = await Promise.all([
        all(
          'DescribeVpcs',
          what,
          (at, o) => ec2.paginateDescribeVpcs(at, { Filters }, o),
          page => page.Vpcs,
        ),
        all(
          'DescribeSubnets',
          what,
          (at, o) => ec2.paginateDescribeSubnets(at, { Filters }, o),
          page => page.Subnets,
        ),
        all(
          'DescribeRouteTables',
          what,
          (at, o) => ec2.paginateDescribeRouteTables(at, { Filters }, o),
          page => page.RouteTables,
        ),
        // Those of others too: the VPC may have been given them.
        all(
          'DescribeDhcpOptions',
          what,
          (at, o) => ec2.paginateDescribeDhcpOptions(at, {}, o),
          page => page.DhcpOptions,
        ),
      ]);
      const found = new Map<string, FoundNetwork[]>();
      for (const vpc of vpcs) {
        const id = vpc.VpcId ?? '';
        const [attribute, doors] = await Promise.all([
          send(
            'DescribeVpcAttribute',
            id,
            (client, o) =>
              client.send(
                new ec2.DescribeVpcAttributeCommand({ VpcId: id, Attribute: 'enableDnsSupport' }),
                o,
              ),
            signal,
          ),
          doorsOf(connection, vpc, signal),
        ]);
        const name = tagsOf(vpc.Tags)[NETWORK_TAG]!;
        const one = networkOf(vpc, { subnets, tables, dhcp, name });
        const dns = attribute?.EnableDnsSupport?.Value ?? false;
        found.set(name, [...(found.get(name) ?? []), { ...one, dns, doors }]);
      }
      return found;
    },

    async createVpc(title, CidrBlock, mark, signal) {
      const command = new ec2.CreateVpcCommand({
        CidrBlock,
        TagSpecifications: tagged('vpc', title, { [MADE_BY]: mark }),
      });
      await send('CreateVpc', title, (client, o) => client.send(command, o), signal);
      // It does not know tokens: asked again after a lost answer it has made two, and nobody has either yet.
      const Filters = [{ Name: `tag:${MADE_BY}`, Values: [mark] }];
      const made = await allPages(connection, signal)(
        'DescribeVpcs',
        title,
        (at, o) => ec2.paginateDescribeVpcs(at, { Filters }, o),
        page => page.Vpcs,
      );
      for (const { VpcId = '' } of made.slice(1)) await removeVpc(VpcId, signal);
    },

    async setNameServers(title, { vpc: VpcId, dhcp, dns, spare }, to, signal) {
      if (dns !== (to === 'amazon')) {
        const command = new ec2.ModifyVpcAttributeCommand({
          VpcId,
          EnableDnsSupport: { Value: to === 'amazon' },
        });
        await send('ModifyVpcAttribute', VpcId, (client, o) => client.send(command, o), signal);
      }
      if (dhcp ? dhcp.ours && nameServersOf({ dns: to === 'amazon', dhcp }) === to : to === 'none') return;
      let [id] = to === 'none' ? [NO_OPTIONS] : spare.dhcp;
      if (id === undefined) {
        const command = new ec2.CreateDhcpOptionsCommand({
          DhcpConfigurations: [{ Key: SERVERS, Values: [AMAZON] }],
          TagSpecifications: tagged('dhcp-options', title),
        });
        const made = await send('CreateDhcpOptions', title, (client, o) => client.send(command, o), signal);
        id = made?.DhcpOptions?.DhcpOptionsId ?? '';
      }
      const command = new ec2.AssociateDhcpOptionsCommand({ VpcId, DhcpOptionsId: id });
      await send('AssociateDhcpOptions', VpcId, (client, o) => client.send(command, o), signal);
    },

    async createTable(title, VpcId, signal) {
      const TagSpecifications = tagged('route-table', title);
      const command = new ec2.CreateRouteTableCommand({ VpcId, TagSpecifications });
      await send('CreateRouteTable', title, (client, o) => client.send(command, o), signal);
    },

    async removeRoute(RouteTableId, { destination }, signal) {
      const key = destination.startsWith('pl-')
        ? { DestinationPrefixListId: destination }
        : destination.includes(':')
          ? { DestinationIpv6CidrBlock: destination }
          : { DestinationCidrBlock: destination };
      const command = new ec2.DeleteRouteCommand({ RouteTableId, ...key });
      const run = (client: EC2Client, o: object) => client.send(command, o);
      await send('DeleteRoute', RouteTableId, run, signal, /^InvalidRoute\.NotFound$/);
    },

    async createSubnet(title, VpcId, { cidr: CidrBlock, zone: AvailabilityZone }, signal) {
      const TagSpecifications = tagged('subnet', title);
      const command = new ec2.CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone, TagSpecifications });
      const run = (client: EC2Client, o: object) => client.send(command, o);
      await send('CreateSubnet', `${CidrBlock} of ${title}`, run, signal);
    },

    async shutSubnet({ id: SubnetId, publicAddresses, ownRoutes }, RouteTableId, signal) {
      if (publicAddresses) {
        const command = new ec2.ModifySubnetAttributeCommand({
          SubnetId,
          MapPublicIpOnLaunch: { Value: false },
        });
        await send('ModifySubnetAttribute', SubnetId, (client, o) => client.send(command, o), signal);
      }
      if (ownRoutes) return;
      const associations = await allPages(connection, signal)(
        'DescribeRouteTables',
        SubnetId,
        (at, o) =>
          ec2.paginateDescribeRouteTables(
            at,
            { Filters: [{ Name: 'association.subnet-id', Values: [SubnetId] }] },
            o,
          ),
        page => page.RouteTables?.flatMap(({ Associations = [] }) => Associations),
      );
      for (const { SubnetId: of, RouteTableAssociationId: AssociationId } of associations) {
        if (of !== SubnetId) continue;
        const command = new ec2.DisassociateRouteTableCommand({ AssociationId });
        const run = (client: EC2Client, o: object) => client.send(command, o);
        await send('DisassociateRouteTable', SubnetId, run, signal, /NotFound$/);
      }
      const command = new ec2.AssociateRouteTableCommand({ SubnetId, RouteTableId });
      await send('AssociateRouteTable', SubnetId, (client, o) => client.send(command, o), signal);
    },

    removeSubnet: (SubnetId, signal) =>
      remove(
        'DeleteSubnet',
        SubnetId,
        (client, o) => client.send(new ec2.DeleteSubnetCommand({ SubnetId }), o),
        signal,
      ),
    removeTable: (RouteTableId, signal) =>
      remove(
        'DeleteRouteTable',
        RouteTableId,
        (client, o) => client.send(new ec2.DeleteRouteTableCommand({ RouteTableId }), o),
        signal,
      ),
    removeDhcp: (DhcpOptionsId, signal) =>
      remove(
        'DeleteDhcpOptions',
        DhcpOptionsId,
        (client, o) => client.send(new ec2.DeleteDhcpOptionsCommand({ DhcpOptionsId }), o),
        signal,
      ),
    removeVpc,
  };
}

/** What of all that was found is of one VPC. */
function networkOf(
  vpc: Vpc,
  of: { subnets: Subnet[]; tables: RouteTable[]; dhcp: DhcpOptions[]; name: string },
): Omit<FoundNetwork, 'dns' | 'doors'> {
  const id = vpc.VpcId ?? '';
  const isOurs = (tags: Vpc['Tags']) => tagsOf(tags)[NETWORK_TAG] === of.name;
  const inVpc = of.tables.filter(({ VpcId, Tags }) => VpcId === id && isOurs(Tags));
  const used = (table: RouteTable) => (table.Associations ?? []).length;
  const [table, ...otherTables] = [...inVpc].sort(
    (a, b) => used(b) - used(a) || ((a.RouteTableId ?? '') < (b.RouteTableId ?? '') ? -1 : 1),
  );
  const options = of.dhcp.find(({ DhcpOptionsId }) => DhcpOptionsId === vpc.DhcpOptionsId);
  const ours = of.dhcp.filter(({ Tags }) => isOurs(Tags));
  return {
    vpc: id,
    cidr: vpc.CidrBlock ?? '',
    tags: tagsOf(vpc.Tags),
    subnets: of.subnets
      .filter(({ VpcId, Tags }) => VpcId === id && isOurs(Tags))
      .map(one => ({
        id: one.SubnetId ?? '',
        cidr: one.CidrBlock ?? '',
        zone: one.AvailabilityZone ?? '',
        publicAddresses: one.MapPublicIpOnLaunch ?? false,
        ownRoutes: (table?.Associations ?? []).some(({ SubnetId }) => SubnetId === one.SubnetId),
      })),
    ...(table && { table: { id: table.RouteTableId ?? '', routes: (table.Routes ?? []).flatMap(routeOf) } }),
    ...(options && {
      dhcp: {
        id: options.DhcpOptionsId ?? '',
        ours: ours.includes(options),
        values: Object.fromEntries(
          (options.DhcpConfigurations ?? []).map(({ Key = '', Values = [] }) => [
            Key,
            Values.map(({ Value = '' }) => Value),
          ]),
        ),
      },
    }),
    spare: {
      dhcp: ours.filter(one => one !== options).map(one => one.DhcpOptionsId ?? ''),
      tables: otherTables.map(one => one.RouteTableId ?? ''),
    },
  };
}

const routeOf = (route: NonNullable<RouteTable['Routes']>[number]): FoundRoute[] => {
  const words = routeWords(route);
  return words === undefined ? [] : [{ destination: destinationOf(route) ?? '', words }];
};
