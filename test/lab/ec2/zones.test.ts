import { expect, test } from 'vitest';
import { awsDns } from '../../../src/aws/recovery/dns/route53.ts';
import { cloud } from '../../recovery/fixture.ts';
import { aZone, zoneCalls } from './zone.ts';

test('zones and records, by the client that a failover has; all changes of a batch or none', async () => {
  const { lab, connection } = await cloud();
  const dns = awsDns(connection);
  const zone = await aZone(lab, 'example.com');
  expect(await dns.zone('Example.com.')).toEqual({ id: zone, name: 'example.com' });
  expect(await dns.zone(zone)).toEqual({ id: zone, name: 'example.com' });
  await expect(dns.zone('example.org')).rejects.toThrow('no hosted zone example.org');
  await expect(dns.zone('Z0000000000')).rejects.toThrow('no hosted zone Z0000000000');
  expect(await dns.records('Z0000000000', 'example.com')).toEqual([]);
  const inside = await aZone(lab, 'example.com', 'vpc-0123456789abcdef0');
  await expect(dns.zone('example.com')).rejects.toThrow(/name of 2 hosted zones/);
  expect(await dns.records(inside, 'web.example.com')).toEqual([]);

  const web = { zone, name: '*.example.com', type: 'A' as const };
  const first = { ttl: 300, values: ['192.0.2.1', '192.0.2.2'] };
  await dns.upsert(zone, [{ ...web, to: first }]);
  expect(await dns.records(zone, '*.example.com')).toEqual([{ type: 'A', value: first }]);
  expect((await dns.records(zone, 'example.com')).map(({ type }) => type)).toEqual(['NS', 'SOA']);
  // Only what is exactly so is replaced, in any order.
  const alias = { alias: { zone, name: 'lb.example.com.', health: false } };
  expect(await dns.replace(web, { ...first, ttl: 60 }, alias)).toBe(false);
  expect(await dns.replace(web, { ...first, values: ['192.0.2.2', '192.0.2.1'] }, alias)).toBe(true);
  expect(await dns.records(zone, '*.example.com')).toEqual([{ type: 'A', value: alias }]);
  expect(await dns.replace(web, alias, undefined)).toBe(true);
  expect(await dns.replace(web, alias, undefined)).toBe(false);
  await expect(
    dns.upsert(zone, [
      { ...web, to: first },
      { ...web, name: 'web.example.org', to: first },
    ]),
  ).rejects.toThrow('route53:ChangeResourceRecordSets');
  expect(await dns.records(zone, '*.example.com')).toEqual([]);
});

const set = (name: string, type: string, value: string, more = '') =>
  `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type>${more}<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>${value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>`;

test('what is not of the model, or can not be beside another, is refused', async () => {
  const { lab, connection } = await cloud();
  const zone = await aZone(lab, 'example.com');
  const { post, get } = zoneCalls(lab);
  const change = async (action: string, record: string, operation = 'ChangeResourceRecordSets') => {
    const content = `<ChangeBatch><Changes><Change><Action>${action}</Action>${record}</Change></Changes></ChangeBatch>`;
    const { status, body } = await post(operation, `hostedzone/${zone}/rrset/`, content);
    return `${status} ${/<Code>(\w+)<\/Code>/.exec(body.toString())?.[1] ?? 'done'}`;
  };
  expect(await change('CREATE', set('a.example.com', 'A', '192.0.2.1'))).toBe('200 done');
  expect(await change('CREATE', set('a.example.com', 'A', '192.0.2.1'))).toBe('400 InvalidChangeBatch');
  expect(await change('UPSERT', set('a.example.com', 'CNAME', 'b.example.com'))).toBe(
    '400 InvalidChangeBatch',
  );
  expect(await change('UPSERT', set('a.example.com', 'A', 'b.example.com'))).toBe('400 InvalidChangeBatch');
  for (const [action, record] of [
    ['PUT', set('b.example.com', 'A', '192.0.2.1')],
    ['UPSERT', set('b.example.com', 'A', '192.0.2.1', '<Ttl>1</Ttl>')],
    ['UPSERT', set('b.example.com', 'B', '192.0.2.1')],
    ['UPSERT', '<ResourceRecordSet><Name>b.example.com</Name></ResourceRecordSet>'],
  ] as const)
    expect(await change(action, record)).toMatch(/^400 (InvalidInput|ValidationException)$/);
  expect(await change('UPSERT', set('b.example.com', 'A', '192.0.2.1'), 'Change')).toBe('400 InvalidInput');
  expect((await get('hostedzone/Z1/rrset')).status).toBe(404);
  // One of several that Route 53 chooses among is told as such.
  const weighted = set(
    'w.example.com',
    'A',
    '192.0.2.1',
    '<SetIdentifier>one</SetIdentifier><Weight>1</Weight>',
  );
  expect(await change('UPSERT', weighted)).toBe('200 done');
  expect(await awsDns(connection).records(zone, 'w.example.com')).toMatchObject([
    { type: 'A', value: { sets: [expect.stringContaining('<SetIdentifier>one</SetIdentifier>')] } },
  ]);
});
