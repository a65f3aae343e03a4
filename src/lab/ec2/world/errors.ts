import { ApiError } from '../../aws-model/error.ts';

/** Errors of EC2 by their codes. Source: Amazon EC2 API reference, "Error codes for the Amazon EC2 API". */
export const refuse = {
  parameter: (message: string) => new ApiError('InvalidParameterValue', message),
  combination: (message: string) => new ApiError('InvalidParameterCombination', message),
  missing: (name: string) =>
    new ApiError('MissingParameter', `The request must contain the parameter ${name}`),
  state: (message: string) => new ApiError('IncorrectState', message),
  instanceState: (id: string, state: string, wanted: string) =>
    new ApiError(
      'IncorrectInstanceState',
      `The instance '${id}' is not in a state from which it can be ${wanted}: it is ${state}.`,
    ),
  dependency: (message: string) => new ApiError('DependencyViolation', message),
  other: (code: string, message: string) => new ApiError(code, message),
};

interface Kind {
  prefix: string;
  notFound: string;
  malformed: string;
  /** As the messages name it. */
  name: string;
}

/** What is known by an id, with the codes for one that isn't there. */
export const kinds = {
  instance: {
    prefix: 'i',
    notFound: 'InvalidInstanceID.NotFound',
    malformed: 'InvalidInstanceID.Malformed',
    name: 'instance ID',
  },
  volume: {
    prefix: 'vol',
    notFound: 'InvalidVolume.NotFound',
    malformed: 'InvalidParameterValue',
    name: 'volume',
  },
  snapshot: {
    prefix: 'snap',
    notFound: 'InvalidSnapshot.NotFound',
    malformed: 'InvalidSnapshotID.Malformed',
    name: 'snapshot',
  },
  image: {
    prefix: 'ami',
    notFound: 'InvalidAMIID.NotFound',
    malformed: 'InvalidAMIID.Malformed',
    name: 'image id',
  },
  vpc: {
    prefix: 'vpc',
    notFound: 'InvalidVpcID.NotFound',
    malformed: 'InvalidVpcID.Malformed',
    name: 'vpc ID',
  },
  subnet: {
    prefix: 'subnet',
    notFound: 'InvalidSubnetID.NotFound',
    malformed: 'InvalidSubnetID.Malformed',
    name: 'subnet ID',
  },
  group: {
    prefix: 'sg',
    notFound: 'InvalidGroup.NotFound',
    malformed: 'InvalidGroupId.Malformed',
    name: 'security group',
  },
  routeTable: {
    prefix: 'rtb',
    notFound: 'InvalidRouteTableID.NotFound',
    malformed: 'InvalidRouteTableId.Malformed',
    name: 'routeTable ID',
  },
  internetGateway: {
    prefix: 'igw',
    notFound: 'InvalidInternetGatewayID.NotFound',
    malformed: 'InvalidInternetGatewayId.Malformed',
    name: 'internetGateway ID',
  },
  natGateway: {
    prefix: 'nat',
    notFound: 'NatGatewayNotFound',
    malformed: 'NatGatewayMalformed',
    name: 'NatGateway',
  },
  vpnGateway: {
    prefix: 'vgw',
    notFound: 'InvalidVpnGatewayID.NotFound',
    malformed: 'InvalidVpnGatewayID.Malformed',
    name: 'vpnGateway ID',
  },
  transitAttachment: {
    prefix: 'tgw-attach',
    notFound: 'InvalidTransitGatewayAttachmentID.NotFound',
    malformed: 'InvalidTransitGatewayAttachmentId.Malformed',
    name: 'transit gateway attachment',
  },
  peering: {
    prefix: 'pcx',
    notFound: 'InvalidVpcPeeringConnectionID.NotFound',
    malformed: 'InvalidVpcPeeringConnectionId.Malformed',
    name: 'vpcPeeringConnection ID',
  },
  egressOnlyGateway: {
    prefix: 'eigw',
    notFound: 'InvalidGatewayID.NotFound',
    malformed: 'InvalidGatewayID.Malformed',
    name: 'egress-only internet gateway',
  },
  dhcpOptions: {
    prefix: 'dopt',
    notFound: 'InvalidDhcpOptionID.NotFound',
    malformed: 'InvalidDhcpOptionsId.Malformed',
    name: 'dhcpOption ID',
  },
  endpoint: {
    prefix: 'vpce',
    notFound: 'InvalidVpcEndpointId.NotFound',
    malformed: 'InvalidVpcEndpointId.Malformed',
    name: 'Vpc Endpoint Id',
  },
  interface: {
    prefix: 'eni',
    notFound: 'InvalidNetworkInterfaceID.NotFound',
    malformed: 'InvalidNetworkInterfaceID.Malformed',
    name: 'networkInterface ID',
  },
  keyPair: {
    prefix: 'key',
    notFound: 'InvalidKeyPair.NotFound',
    malformed: 'InvalidKeyPair.Format',
    name: 'key pair',
  },
  template: {
    prefix: 'lt',
    notFound: 'InvalidLaunchTemplateId.NotFound',
    malformed: 'InvalidLaunchTemplateId.Malformed',
    name: 'launch template',
  },
  replaceTask: {
    prefix: 'replacevol',
    notFound: 'InvalidReplaceRootVolumeTaskId.NotFound',
    malformed: 'InvalidReplaceRootVolumeTaskId.Malformed',
    name: 'replace root volume task',
  },
  importTask: {
    prefix: 'import-ami',
    notFound: 'InvalidConversionTaskId',
    malformed: 'InvalidConversionTaskId.Malformed',
    name: 'import task',
  },
} satisfies Record<string, Kind>;
export type KindName = keyof typeof kinds;

/**
 * Those with the given ids, in that order; all of them without ids. Throws ApiError for a wrong or unknown
 * one.
 */
export function byIds<T extends { id: string }>(
  kind: KindName,
  all: readonly T[],
  ids: readonly string[] | undefined,
): T[] {
  if (!ids || ids.length === 0) return [...all];
  const { prefix, notFound, malformed, name } = kinds[kind];
  const bad = ids.find(id => !new RegExp(`^${prefix}-[0-9a-f]{8,17}$`).test(id));
  if (bad !== undefined) throw new ApiError(malformed, `Invalid id: "${bad}"`);
  const known = new Map(all.map(each => [each.id, each]));
  const unknown = ids.filter(id => !known.has(id));
  if (unknown.length === 0) return [...new Set(ids)].map(id => known.get(id)!);
  const named = `'${unknown.join(', ')}'`;
  throw new ApiError(
    notFound,
    unknown.length > 1 ? `The ${name}s ${named} do not exist` : `The ${name} ${named} does not exist`,
  );
}

/** The one with that id. Throws ApiError. */
export const byId = <T extends { id: string }>(
  kind: KindName,
  all: Record<string, T>,
  id: string | undefined,
): T => byIds(kind, Object.values(all), [id ?? ''])[0]!;
