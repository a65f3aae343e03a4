import { isIPv4, isIPv6 } from 'node:net';
import { ApiError } from '../aws-model/error.ts';
import type { AwsAnswer, AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { findOperation } from '../aws-model/rest.ts';
import { readRestXml, writeRestXml } from '../aws-model/rest-xml.ts';
import zonesJson from '../aws-model/route53.json' with { type: 'json' };
import type { LabRecord, LabZone } from '../ec2/world/state.ts';
import type { Draft, Ec2World } from '../ec2/world/world.ts';
import { isAllowed } from '../instance/role.ts';

const model = zonesJson as unknown as AwsModel;
const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';

type Asked = Readonly<Record<string, unknown>>;

/** Hosted zones of Route 53 and their records. Source: Route 53 API reference. */
export const zonesService = (world: Ec2World): AwsService => ({
  async answer({ method, path, query, headers, body, role, id }) {
    try {
      const call = findOperation(model, method, path);
      if (!call)
        throw new ApiError('UnknownOperationException', `The lab does not know ${method} ${path}.`, 404);
      const { operation } = call;
      const asked = readRestXml(model, call, query, headers, body) as Asked;
      const zone = idOf(asked.HostedZoneId ?? asked.Id);
      const resource = call.path.Id === undefined ? '*' : `arn:aws:route53:::hostedzone/${zone}`;
      if (role && !isAllowed(role, `route53:${operation}`, resource))
        throw new ApiError('AccessDenied', `User: ${role.arn} is not authorized`, 403);
      const output = await world.change(draft => operations[operation]!(draft, asked, zone));
      const { Location: location, ...shown } = output as { Location?: string };
      const done = xml(
        model.operations[operation]!.http![2],
        writeRestXml(model, operation, shown, namespace),
      );
      return location === undefined ? done : { ...done, headers: { ...done.headers, location } };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, message, status } = error;
      return xml(
        status,
        `<?xml version="1.0"?>\n<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`,
      );
    }
  },
});

const xml = (status: number, body: string): AwsAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});
const escaped = (text: string): string => text.replace(/[&<>]/g, one => `&#${one.charCodeAt(0)};`);

const idOf = (id: unknown): string => String(id ?? '').replace(/^\/hostedzone\//, '');
/** Lower case, with the dot at the end; `*` is answered as its code. */
const dotted = (name: unknown): string =>
  `${String(name).toLowerCase().replaceAll('\\052', '*').replace(/\.$/, '')}.`;
/** Names are in the order of their labels from the right. */
const byLabels = (name: string): string => name.split('.').reverse().join('.');

const operations: Record<string, (draft: Draft, asked: Asked, zone: string) => object> = {
  CreateHostedZone({ state, now }, { Name, VPC, CallerReference }) {
    state.zones ??= {};
    const { zones } = state;
    if (Object.values(zones).some(one => one.reference === CallerReference))
      throw new ApiError(
        'HostedZoneAlreadyExists',
        `A hosted zone was made with ${String(CallerReference)}.`,
        409,
      );
    const id = `Z${String(Object.keys(zones).length + 1).padStart(13, '0')}`;
    const name = dotted(Name);
    const { VPCId: vpc } = (VPC ?? {}) as { VPCId?: string };
    const ns = { Name: name, Type: 'NS', TTL: 172_800, ResourceRecords: [{ Value: 'ns-1.awsdns.example.' }] };
    const soa = 'ns-1.awsdns.example. hostmaster.example. 1 7200 900 1209600 86400';
    const records = [ns, { Name: name, Type: 'SOA', TTL: 900, ResourceRecords: [{ Value: soa }] }];
    const zone: LabZone = {
      id,
      name,
      reference: String(CallerReference),
      private: vpc !== undefined,
      records,
    };
    zones[id] = zone;
    if (vpc !== undefined) {
      state.associations ??= {};
      state.associations[vpc] = [
        ...(state.associations[vpc] ?? []),
        { kind: 'zone', id: name.replace(/\.$/, '') },
      ];
    }
    return {
      HostedZone: shown(zone),
      ChangeInfo: changed(now),
      DelegationSet: { NameServers: ['ns-1.awsdns.example'] },
      Location: `https://route53.amazonaws.com/2013-04-01/hostedzone/${id}`,
    };
  },

  GetHostedZone: (draft, _, zone) => ({ HostedZone: shown(zoneIn(draft, zone)) }),

  ListHostedZonesByName({ state }, { DNSName = '', MaxItems = '100' }) {
    const from = DNSName === '' ? '' : byLabels(dotted(DNSName));
    const all = Object.values(state.zones ?? {})
      .filter(({ name }) => byLabels(name) >= from)
      .sort((a, b) => (byLabels(a.name) < byLabels(b.name) ? -1 : 1));
    const page = all.slice(0, Number(MaxItems));
    return { HostedZones: page.map(shown), IsTruncated: page.length < all.length, MaxItems };
  },

  /** A zone that a lab of before had no records of is known by its association alone. */
  ListHostedZonesByVPC({ state, account }, { VPCId }) {
    const found = (state.associations?.[String(VPCId)] ?? []).filter(one => one.kind === 'zone');
    return {
      HostedZoneSummaries: found.map(({ id }) => ({
        HostedZoneId:
          Object.values(state.zones ?? {}).find(one => one.name === dotted(id))?.id ??
          'Z0123456789ABCDEFGHIJ',
        Name: dotted(id),
        Owner: { OwningAccount: account },
      })),
      MaxItems: '100',
    };
  },

  ListResourceRecordSets(draft, { StartRecordName = '', StartRecordType = '', MaxItems = '300' }, zone) {
    const from = StartRecordName === '' ? '' : byLabels(dotted(StartRecordName));
    const keyOf = ({ Name, Type }: LabRecord) => `${byLabels(Name)} ${Type}`;
    const all = zoneIn(draft, zone)
      .records.filter(one =>
        StartRecordType === ''
          ? byLabels(one.Name) >= from
          : keyOf(one) >= `${from} ${String(StartRecordType)}`,
      )
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const page = all.slice(0, Number(MaxItems));
    const next = all[page.length];
    return {
      ResourceRecordSets: page.map(one => ({ ...one, Name: one.Name.replaceAll('*', '\\052') })),
      IsTruncated: next !== undefined,
      ...(next && { NextRecordName: next.Name, NextRecordType: next.Type }),
      MaxItems,
    };
  },

  ChangeResourceRecordSets(draft, { ChangeBatch }, id) {
    const zone = zoneIn(draft, id);
    const { Changes } = ChangeBatch as { Changes: { Action: string; ResourceRecordSet: LabRecord }[] };
    // All of them or none.
    let records = zone.records;
    for (const { Action, ResourceRecordSet } of Changes)
      records = applied(zone, records, Action, {
        ...ResourceRecordSet,
        Name: dotted(ResourceRecordSet.Name),
      });
    zone.records = records;
    return { ChangeInfo: changed(draft.now) };
  },
};

function applied(
  zone: LabZone,
  records: readonly LabRecord[],
  action: string,
  record: LabRecord,
): LabRecord[] {
  const { Name, Type } = record;
  const called = `[name='${Name}', type='${Type}']`;
  const refuse = (why: string) => new ApiError('InvalidChangeBatch', `[${why}]`);
  if (Name !== zone.name && !Name.endsWith(`.${zone.name}`))
    throw refuse(`RRSet with DNS name ${Name} is not permitted in zone ${zone.name}`);
  wrongIn(record, why => {
    throw refuse(`Invalid Resource Record: ${why}`);
  });
  const isIt = (one: LabRecord) =>
    one.Name === Name && one.Type === Type && one.SetIdentifier === record.SetIdentifier;
  const there = records.find(isIt);
  const others = records.filter(one => !isIt(one));
  if (action === 'DELETE') {
    if (!there) throw refuse(`Tried to delete resource record set ${called} but it was not found`);
    if (asText(there) !== asText(record))
      throw refuse(
        `Tried to delete resource record set ${called} but the values provided do not match the current values`,
      );
    return others;
  }
  if (action === 'CREATE' && there)
    throw refuse(`Tried to create resource record set ${called} but it already exists`);
  const beside = others.find(one => one.Name === Name && (one.Type === 'CNAME' || Type === 'CNAME'));
  if (beside)
    throw refuse(
      `RRSet of type ${Type} with DNS name ${Name} is not permitted as it conflicts with other records with the same DNS name in zone ${zone.name}`,
    );
  const unlike = others.some(
    one =>
      one.Name === Name &&
      one.Type === Type &&
      (one.SetIdentifier === undefined || record.SetIdentifier === undefined),
  );
  if (unlike)
    throw refuse(
      `RRSet with DNS name ${Name}, type ${Type}, SetIdentifier ${record.SetIdentifier ?? 'N/A'} cannot be created as other RRSet exists with the same name and type.`,
    );
  return [...others, record];
}

/** As far as the lab looks into values. */
function wrongIn({ Type, TTL, ResourceRecords, AliasTarget }: LabRecord, say: (why: string) => void): void {
  if (AliasTarget ? TTL !== undefined || ResourceRecords : TTL === undefined || !ResourceRecords?.length)
    say('a record has a TTL and values, or is an alias');
  for (const { Value } of ResourceRecords ?? []) {
    if (Type === 'A' && !isIPv4(Value))
      say(`ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address): ${Value}`);
    if (Type === 'AAAA' && !isIPv6(Value)) say(`Value is not a valid IPv6 address: ${Value}`);
  }
  if (Type === 'CNAME' && (ResourceRecords?.length ?? 0) > 1) say('a CNAME has one value');
}

/** Everything of a record, whatever the order of its values. */
const asText = (record: LabRecord): string =>
  JSON.stringify(
    Object.entries({
      ...record,
      ...(record.ResourceRecords && {
        ResourceRecords: record.ResourceRecords.map(({ Value }) => Value).sort(),
      }),
    }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

function zoneIn({ state }: Draft, id: string): LabZone {
  const found = state.zones?.[id];
  if (found) return found;
  throw new ApiError('NoSuchHostedZone', `No hosted zone found with ID: ${id}`, 404);
}

const shown = ({ id, name, reference, private: isPrivate, records }: LabZone) => ({
  Id: `/hostedzone/${id}`,
  Name: name,
  CallerReference: reference,
  Config: { PrivateZone: isPrivate },
  ResourceRecordSetCount: records.length,
});

const changed = (now: number) => ({ Id: '/change/C1', Status: 'PENDING', SubmittedAt: new Date(now) });
