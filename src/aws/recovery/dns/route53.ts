import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import { child, childrenNamed, parseXml, textAt, type XmlElement } from '../../../io/xml.ts';
import {
  type DnsCloud,
  type FoundRecord,
  isZoneId,
  plainName,
  type RecordName,
  type RecordValue,
} from '../../../recovery/model/dns.ts';
import { codeOf } from '../../errors.ts';
import { type SignedCall, type Signing, signedCall } from '../../signed-call.ts';

/** Route 53 is one service for all regions of a partition. Source: AWS General Reference, its endpoints. */
export function globalOf(region: string): Pick<SignedCall, 'host' | 'region'> {
  if (region.startsWith('cn-')) return { host: 'route53.amazonaws.com.cn', region: 'cn-northwest-1' };
  if (region.startsWith('us-gov-')) return { host: 'route53.us-gov.amazonaws.com', region: 'us-gov-west-1' };
  return { host: 'route53.amazonaws.com', region: 'us-east-1' };
}

const root = '/2013-04-01';

/** Hosted zones and their records. Source: Route 53 API reference. */
export function awsDns(connection: Signing): DnsCloud {
  const ask = (
    operation: string,
    thing: string,
    call: Pick<SignedCall, 'path' | 'query' | 'xml'>,
    signal?: AbortSignal,
  ) =>
    signedCall(
      connection,
      {
        called: 'Route 53',
        service: 'route53',
        action: `route53:${operation}`,
        thing,
        ...globalOf(connection.settings.region),
        ...call,
      },
      signal,
    );
  const change = (zone: string, thing: string, changes: readonly string[], signal?: AbortSignal) =>
    ask(
      'ChangeResourceRecordSets',
      thing,
      { path: `${root}/hostedzone/${zone}/rrset/`, xml: batch(changes) },
      signal,
    );
  return {
    async zone(nameOrId, signal) {
      if (isZoneId(nameOrId)) {
        const answer = await ask(
          'GetHostedZone',
          nameOrId,
          { path: `${root}/hostedzone/${nameOrId}` },
          signal,
        ).catch(refused(/^NoSuchHostedZone$/));
        if (answer === undefined) throw noZone(nameOrId);
        return zoneOf(child(parseXml(answer), 'HostedZone'));
      }
      const name = plainName(nameOrId);
      // They come in the order of their names from this one on: all that have it are the first.
      const query = { dnsname: name, maxitems: '100' };
      const answer = await ask(
        'ListHostedZonesByName',
        name,
        { path: `${root}/hostedzonesbyname`, query },
        signal,
      );
      const all = childrenNamed(child(parseXml(answer), 'HostedZones'), 'HostedZone').map(zoneOf);
      const [found, ...others] = all.filter(one => one.name === name);
      if (!found) throw noZone(nameOrId);
      if (others.length > 0) throw manyZones(name, [found, ...others]);
      return found;
    },

    async records(zone, name, signal) {
      const path = `${root}/hostedzone/${zone}/rrset`;
      // A name has one record of each type, and hundreds only where Route 53 chooses among them.
      const answer = await ask(
        'ListResourceRecordSets',
        name,
        { path, query: { name, maxitems: '300' } },
        signal,
      ).catch(refused(/^NoSuchHostedZone$/));
      // A zone that somebody has removed has no records, which must not keep a failover from being undone.
      if (answer === undefined) return [];
      return childrenNamed(child(parseXml(answer), 'ResourceRecordSets'), 'ResourceRecordSet')
        .filter(one => plainName(textAt(one, 'Name') ?? '') === name)
        .map(recordOf);
    },

    async upsert(zone, records, signal) {
      const thing = records.map(({ name }) => name).join(', ');
      await change(
        zone,
        thing,
        records.map(one => changeOf('UPSERT', one, one.to)),
        signal,
      );
    },

    async replace(of, was, to, signal) {
      // Route 53 deletes only what is exactly so, and makes nothing of a batch where one thing is refused.
      const changes = [changeOf('DELETE', of, was), ...(to ? [changeOf('CREATE', of, to)] : [])];
      const done = await change(of.zone, of.name, changes, signal).catch(refused(/^InvalidChangeBatch$/));
      return done !== undefined;
    },
  };
}

/** An error that is an answer: undefined. */
const refused =
  (code: RegExp) =>
  (error: unknown): undefined => {
    if (error instanceof Failure && code.test(codeOf(error.cause))) return undefined;
    throw error;
  };

const noZone = (zone: string): Failure =>
  new Failure(
    world('dns-zone-not-found', `the account has no hosted zone ${zone}`, {
      hint: 'look at the account of the target, and at how the zone is written',
    }),
  );

const manyZones = (name: string, zones: readonly { id: string }[]): Failure =>
  new Failure(
    world('dns-zone-ambiguous', `${name} is the name of ${zones.length} hosted zones`, {
      hint: `name the one that is meant by its id: ${zones.map(({ id }) => id).join(', ')}`,
    }),
  );

const zoneOf = (zone: XmlElement | undefined) => ({
  id: (textAt(zone, 'Id') ?? '').replace(/^\/hostedzone\//, ''),
  name: plainName(textAt(zone, 'Name') ?? ''),
});

/** What makes a record one of several. */
const routings = [
  'SetIdentifier',
  'HealthCheckId',
  'TrafficPolicyInstanceId',
  'CidrRoutingConfig',
  'GeoProximityLocation',
];

function recordOf(one: XmlElement): FoundRecord {
  const alias = child(one, 'AliasTarget');
  const routing = routings.find(name => child(one, name));
  const value: RecordValue = alias
    ? {
        alias: {
          zone: textAt(alias, 'HostedZoneId') ?? '',
          name: textAt(alias, 'DNSName') ?? '',
          health: textAt(alias, 'EvaluateTargetHealth') === 'true',
        },
      }
    : {
        ttl: Number(textAt(one, 'TTL') ?? 0),
        values: childrenNamed(child(one, 'ResourceRecords'), 'ResourceRecord').map(
          each => textAt(each, 'Value') ?? '',
        ),
      };
  return { type: textAt(one, 'Type') ?? '', value, ...(routing !== undefined && { routing }) };
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (value: string): string => value.replace(/[&<>"]/g, one => entities[one]!);

const batch = (changes: readonly string[]): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">' +
  `<ChangeBatch><Changes>${changes.join('')}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;

const changeOf = (
  action: 'UPSERT' | 'DELETE' | 'CREATE',
  { name, type }: RecordName,
  value: RecordValue,
): string =>
  `<Change><Action>${action}</Action><ResourceRecordSet><Name>${text(name)}</Name><Type>${type}</Type>${valueXml(value)}</ResourceRecordSet></Change>`;

function valueXml(value: RecordValue): string {
  if ('alias' in value) {
    const { zone, name, health } = value.alias;
    return `<AliasTarget><HostedZoneId>${text(zone)}</HostedZoneId><DNSName>${text(name)}</DNSName><EvaluateTargetHealth>${health}</EvaluateTargetHealth></AliasTarget>`;
  }
  const records = value.values.map(each => `<ResourceRecord><Value>${text(each)}</Value></ResourceRecord>`);
  return `<TTL>${value.ttl}</TTL><ResourceRecords>${records.join('')}</ResourceRecords>`;
}
