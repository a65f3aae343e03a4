import { expect, onTestFinished, test } from 'vitest';
import { recordsOf } from '../../src/app/recovery/real/dns.ts';
import { recoveryOver } from '../../src/aws/recovery/cloud.ts';
import type { Json } from '../../src/engine/model/catalog.ts';
import { putBack, type Recorded, switchRecords } from '../../src/recovery/dns/switch.ts';
import type { SwitchedRecord } from '../../src/recovery/model/dns.ts';
import { aZone, zoneCalls } from '../lab/ec2/zone.ts';
import { cloud } from '../recovery/fixture.ts';
import { declare } from '../support/engine-world.ts';

const name = 'web.example.com';
const set = (type: string, inner: string) =>
  `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type>${inner}</ResourceRecordSet>`;
const value = (text: string) =>
  `<TTL>300</TTL><ResourceRecords><ResourceRecord><Value>${text}</Value></ResourceRecord></ResourceRecords>`;

/** A public zone in which a name has these. */
async function zoned(...sets: string[]) {
  const aws = await cloud();
  const recovery = recoveryOver(aws.connection);
  onTestFinished(() => recovery.close());
  const zone = await aZone(aws.lab, 'example.com');
  const { post, get } = zoneCalls(aws.lab);
  const changes = sets.map(one => `<Change><Action>CREATE</Action>${one}</Change>`).join('');
  if (sets.length > 0) {
    const batch = `<ChangeBatch><Changes>${changes}</Changes></ChangeBatch>`;
    const { status, body } = await post('ChangeResourceRecordSets', `hostedzone/${zone}/rrset/`, batch);
    expect([status, body.toString()]).toEqual([200, expect.any(String)]);
  }
  /** All that Route 53 says about the name. */
  const there = async () => {
    const { body } = await get(`hostedzone/${zone}/rrset`, { name });
    return body
      .toString()
      .match(/<ResourceRecordSet>.*?<\/ResourceRecordSet>/gs)!
      .filter(one => one.includes('>web.'));
  };
  const steps: { what: string }[] = [];
  const on = {
    steps: steps as Recorded,
    dns: recovery.dns,
    note: async (step: { what: string }) => void steps.push(step),
    step: async () => {},
  };
  const asked = (dns: object, given = { public: [] as string[], ipv6: [] as string[] }) => {
    const properties = { repository: 's3://dr', groups: [{ targets: ['web01'] }], dns: [dns] };
    const landings = new Map([['web01', { subnets: ['subnet-1'], quarantine: 'sg-1', groups: [] }]]);
    const declared = declare('recovery_plan:web', properties as unknown as Record<string, Json>);
    return recordsOf({ cloud: recovery }, declared, { given, landings }, new AbortController().signal);
  };
  return { zone, there, on, asked };
}

const weighted = (id: string, weight: number, address: string) =>
  set('A', `<SetIdentifier>${id}</SetIdentifier><Weight>${weight}</Weight>${value(address)}`);
const many = (id: string, address: string) =>
  set(
    'A',
    `<SetIdentifier>${id}</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer>${value(address)}<HealthCheckId>abcdef11-2222-3333-4444-555555fedcba</HealthCheckId>`,
  );
const alias = set(
  'A',
  '<AliasTarget><HostedZoneId>Z32O12XQLNTSW2</HostedZoneId><DNSName>lb.eu-west-1.elb.amazonaws.com.</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>',
);

test.for<[string, string[], RegExp]>([
  ['weighted ones', [weighted('home', 90, '192.0.2.10'), weighted('other', 10, '192.0.2.11')], /^2 records/],
  [
    'multivalue ones',
    [many('a', '192.0.2.10'), many('b', '192.0.2.11'), many('c', '192.0.2.12')],
    /^3 records/,
  ],
  ['an alias', [alias], /^an alias of lb\.eu-west-1/],
  ['a plain one with several values', [set('A', value('192.0.2.10'))], /^192\.0\.2\.10/],
])('%s: switched to where the machine is, and put back exactly as they were', async ([, sets]) => {
  const { there, on, asked } = await zoned(...sets);
  const before = await there();
  expect(before).toHaveLength(sets.length);
  const planned = await asked({ zone: 'example.com', name, type: 'A', to: 'web01' });
  await switchRecords(planned, async () => '10.0.1.10', on);
  expect(await there()).toEqual([expect.stringContaining('<Value>10.0.1.10</Value>')]);
  // Whoever goes on switches what is switched: the old values stay those of before.
  await switchRecords(planned, async () => '10.0.1.11', on);
  expect(await there()).toEqual([expect.stringContaining('<Value>10.0.1.11</Value>')]);
  await putBack(() => true, on);
  expect((await there()).sort()).toEqual(before.sort());
});

test('several that somebody made meanwhile are not written over when it is put back', async () => {
  const { zone, there, on, asked } = await zoned(set('A', value('192.0.2.10')));
  const planned = await asked({ zone: 'example.com', name, type: 'A', to: 'web01' });
  await switchRecords(planned, async () => '10.0.1.10', on);
  const theirs = [weighted('a', 1, '198.51.100.1'), weighted('b', 1, '198.51.100.2')];
  const now = { ttl: 60, values: ['10.0.1.10'] };
  const of = { zone, name, type: 'A' } as const;
  expect(await on.dns.replace(of, now, { sets: theirs })).toBe(true);
  expect(await putBack(() => true, on)).toMatchObject([
    { outcome: 'other', now: { sets: [{}, {}].map(() => expect.any(String)) } },
  ]);
  expect(await there()).toHaveLength(2);
});

test('an AAAA of an address that is given, and of a machine whose subnet gives it one', async () => {
  const { there, on, asked } = await zoned();
  const literal = { zone: 'example.com', name, type: 'AAAA', to: '2001:db8::10' };
  await switchRecords(await asked(literal), async () => undefined, on);
  expect(await there()).toEqual([expect.stringContaining('<Value>2001:db8::10</Value>')]);
  await putBack(() => true, on);
  const machine = { zone: 'example.com', name, type: 'AAAA', to: 'web01' };
  const [planned] = await asked(machine, { public: [], ipv6: ['subnet-1'] });
  expect(planned).toMatchObject({ vm: 'web01', type: 'AAAA' } satisfies Partial<SwitchedRecord>);
});

test.for<[string, string[], object, RegExp]>([
  [
    'an AAAA of a machine in a subnet without IPv6',
    [],
    { type: 'AAAA', to: 'web01' },
    /web01 has no IPv6 address: subnet-1 gives none/,
  ],
  [
    'a public address that no subnet gives',
    [],
    { type: 'A', to: 'web01', address: 'public' },
    /no public address: subnet-1 gives none/,
  ],
  [
    'one that a traffic policy made',
    [
      set(
        'A',
        `${value('192.0.2.10')}<TrafficPolicyInstanceId>abcdef11-2222-3333-4444-555555fedcba</TrafficPolicyInstanceId>`,
      ),
    ],
    { type: 'A', to: 'web01' },
    /a traffic policy of Route 53 made it/,
  ],
  [
    'a CNAME beside others',
    [weighted('a', 1, '192.0.2.1')],
    { type: 'CNAME', to: 'x.example.com' },
    /beside which there is no CNAME/,
  ],
])('%s is refused before anything is begun', async ([, sets, dns, why]) => {
  const { asked } = await zoned(...sets);
  const failure = await asked({ zone: 'example.com', name, ...dns }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    diagnostics: [{ code: 'dns-record-taken', category: 'blocked', message: expect.stringMatching(why) }],
  });
});
