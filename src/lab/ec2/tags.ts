import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  TagDescription,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, setTags } from './world/call.ts';
import { filtersBy, select } from './world/describe.ts';
import { byIds, type KindName, kinds, refuse } from './world/errors.ts';
import type { Ec2State } from './world/state.ts';

/** Longest prefix first: `import-ami-…` before others. */
const byPrefix = (Object.keys(kinds) as KindName[]).sort(
  (a, b) => kinds[b].prefix.length - kinds[a].prefix.length,
);
const typeNames: Partial<Record<KindName, string>> = {
  routeTable: 'route-table',
  internetGateway: 'internet-gateway',
  natGateway: 'natgateway',
  vpnGateway: 'vpn-gateway',
  transitAttachment: 'transit-gateway-attachment',
  peering: 'vpc-peering-connection',
  egressOnlyGateway: 'egress-only-internet-gateway',
  dhcpOptions: 'dhcp-options',
  endpoint: 'vpc-endpoint',
  interface: 'network-interface',
  keyPair: 'key-pair',
  template: 'launch-template',
  group: 'security-group',
  replaceTask: 'replace-root-volume-task',
  importTask: 'import-image-task',
};

function kindOf(id: string): KindName | undefined {
  return byPrefix.find(name => id.startsWith(`${kinds[name].prefix}-`));
}

/** Throws ApiError for an id of nothing that there is. */
function checkThere({ state, fleet }: Ec2Call, id: string): void {
  const kind = kindOf(id);
  if (!kind) throw refuse.other('InvalidID', `The ID '${id}' is not valid`);
  const there: Partial<Record<KindName, Record<string, { id: string }>>> = {
    instance: {
      ...state.instances,
      ...Object.fromEntries(fleet.map(({ instanceId }) => [instanceId, { id: instanceId }])),
    },
    volume: state.volumes,
    snapshot: state.snapshots,
    image: state.images,
    vpc: state.vpcs,
    subnet: state.subnets,
    group: state.groups,
    routeTable: state.routeTables,
    keyPair: state.keyPairs,
    template: state.templates,
    replaceTask: state.replaceTasks,
    importTask: state.importTasks,
    endpoint: state.endpoints,
    interface: state.interfaces ?? {},
    dhcpOptions: Object.fromEntries(Object.keys(state.dhcpOptions).map(id => [id, { id }])),
  };
  byIds(kind, Object.values(there[kind] ?? state.gateways), [id]);
}

const describedKind = (id: string) => {
  const kind = kindOf(id);
  return (kind && (typeNames[kind] ?? kind)) as TagDescription['ResourceType'];
};

function allTags(state: Ec2State) {
  return Object.entries(state.tags).flatMap(([resource, tags]) =>
    Object.entries(tags).map(([key, value]) => ({ id: `${resource} ${key}`, resource, key, value })),
  );
}

export const tagActions = {
  CreateTags(input: CreateTagsRequest, call: Ec2Call): object {
    for (const id of input.Resources ?? []) checkThere(call, id);
    for (const id of input.Resources ?? []) setTags(call, id, input.Tags);
    return {};
  },

  DeleteTags(input: DeleteTagsRequest, call: Ec2Call): object {
    for (const id of input.Resources ?? []) {
      checkThere(call, id);
      const tags = { ...call.state.tags[id] };
      for (const key of Object.keys(tags)) {
        const asked = input.Tags?.find(each => each.Key === key);
        // A value that is given must be that of the tag; without one any is.
        const isMeant = asked && (asked.Value === undefined || asked.Value === tags[key]);
        if (isMeant || !input.Tags) delete tags[key];
      }
      if (Object.keys(tags).length > 0) call.state.tags[id] = tags;
      else delete call.state.tags[id];
    }
    return {};
  },

  DescribeTags(input: DescribeTagsRequest, { state, fleet }: Ec2Call): DescribeTagsResult {
    const tags = {
      ...state.tags,
      ...Object.fromEntries(fleet.map(it => [it.instanceId, it.tags])),
    };
    const { page, ...token } = select(
      state,
      allTags({ ...state, tags }),
      input,
      filtersBy({
        'resource-id': it => [it.resource],
        'resource-type': it => [describedKind(it.resource)],
        key: it => [it.key],
        value: it => [it.value],
      }),
    );
    return {
      Tags: page.map(({ resource, key, value }) => ({
        ResourceId: resource,
        ResourceType: describedKind(resource),
        Key: key,
        Value: value,
      })),
      ...token,
    };
  },
} satisfies Ec2Actions;
