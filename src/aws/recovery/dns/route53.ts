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
      const sets = childrenNamed(child(parseXml(answer), 'ResourceRecordSets'), 'ResourceRecordSet').filter(
        one => plainName(textAt(one, 'Name') ?? '') === name,
      );
      return [...Map.groupBy(sets, one => textAt(one, 'Type') ?? '')].map(([type, of]) => recordOf(type, of));
    },

    async upsert(zone, records, signal) {
      const thing = records.map(({ name }) => name).join(', ');
      await change(
        zone,
        thing,
        // Where several are, one alone has no place beside them.
        records.flatMap(({ to, was, ...one }) =>
          was && 'sets' in was
            ? [...changesOf('DELETE', one, was), ...changesOf('CREATE', one, to)]
            : changesOf('UPSERT', one, to),
        ),
        signal,
      );
    },

    async replace(of, was, to, signal) {
      // Route 53 deletes only what is exactly so, and makes nothing of a batch where one thing is refused.
      const changes = [...changesOf('DELETE', of, was), ...(to ? changesOf('CREATE', of, to) : [])];
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

/** What makes a record more than its values. Source: Route 53 API reference, ResourceRecordSet. */
const routings = ['SetIdentifier', 'HealthCheckId', 'CidrRoutingConfig', 'GeoProximityLocation'];

/** What a name has of one type. */
function recordOf(type: string, sets: readonly XmlElement[]): FoundRecord {
  const [one] = sets;
  // It goes with its policy, which is charged for, and would come back. Source: API reference,
  // ResourceRecordSet.
  if (sets.some(each => child(each, 'TrafficPolicyInstanceId')))
    return { type, value: { sets: textsOf(sets) }, fixed: 'a traffic policy of Route 53 made it' };
  if (sets.length > 1 || routings.some(name => child(one, name)))
    return { type, value: { sets: textsOf(sets) } };
  const alias = child(one, 'AliasTarget');
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
  return { type, value };
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const text = (value: string): string => value.replace(/[&<>"]/g, one => entities[one]!);

const batch = (changes: readonly string[]): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">' +
  `<ChangeBatch><Changes>${changes.join('')}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;

function changesOf(
  action: 'UPSERT' | 'DELETE' | 'CREATE',
  { name, type }: RecordName,
  value: RecordValue,
): string[] {
  const sets =
    'sets' in value
      ? value.sets
      : [
          `<ResourceRecordSet><Name>${text(name)}</Name><Type>${type}</Type>${valueXml(value)}</ResourceRecordSet>`,
        ];
  return sets.map(set => `<Change><Action>${action}</Action>${set}</Change>`);
}

/** Elements as text again, in the namespace of whatever they are put into; each has text or children. */
const textsOf = (elements: readonly XmlElement[]): string[] => elements.map(textOf).sort();
const textOf = ({ name, children, text: own }: XmlElement): string =>
  `<${name}>${children.length > 0 ? children.map(textOf).join('') : text(own)}</${name}>`;

function valueXml(value: Exclude<RecordValue, { sets: string[] }>): string {
  if ('alias' in value) {
    const { zone, name, health } = value.alias;
    return `<AliasTarget><HostedZoneId>${text(zone)}</HostedZoneId><DNSName>${text(name)}</DNSName><EvaluateTargetHealth>${health}</EvaluateTargetHealth></AliasTarget>`;
  }
  const records = value.values.map(each => `<ResourceRecord><Value>${text(each)}</Value></ResourceRecord>`);
  return `<TTL>${value.ttl}</TTL><ResourceRecords>${records.join('')}</ResourceRecords>`;
}
