import { expect, test } from 'vitest';
import { evidenceOf } from '../../src/recovery/evidence/evidence.ts';
import { evidencePage } from '../../src/recovery/evidence/evidence-page.ts';
import { aRun, minute } from './evidence-run.ts';

const evil = `</td><script src="https://example.com/x.js">"'&\u202e`;
const run = aRun({ saw: evil });

test('recovery point and time, each phase with its time, and what was not proven', () => {
  const evidence = evidenceOf(run);
  expect(evidence).toMatchObject({
    plan: 'web',
    kind: 'test',
    number: 3,
    digest: 'fd320fe42ffff377'.repeat(4),
    passed: false,
    took: 6 * minute,
    network: {
      vpc: 'vpc-026f23f0c3c408573',
      subnets: [{ range: '10.0.1.0/24' }, { range: '10.0.2.0/24' }],
      group: 'sg-04095d1c3bc7ebb5c',
      proven: {
        at: '2026-11-28T12:00:01.000Z',
        looked: ['no route of its subnets leads out of the VPC', 'it has no endpoint'],
      },
    },
    machines: [
      { vm: 'web01', rpo: 15 * minute, instance: 'i-098c54c1fa6e4f9a3', picture: 1 },
      { vm: 'db01', results: [] },
    ],
    phases: [
      { what: 'proven' },
      { at: '2026-11-28T12:01:00.000Z', after: minute, what: 'launched', vm: 'web01' },
      { what: 'probed', saw: 'TCP port 22: passed, status checks: passed, console: not run' },
      { what: 'refused', vm: 'db01', saw: 'EC2 has no room for it' },
      { at: '2026-11-28T12:06:00.000Z', what: 'finished' },
    ],
  });
  expect(evidence).not.toHaveProperty('rto');
  expect(evidence.unproven.slice(0, 2)).toEqual([
    `web01: console was not run: ${evil}`,
    'db01 was not probed to the end',
  ]);
  const unproven = evidence.unproven.join('\n');
  expect(unproven).toContain(
    'that the network was apart until the end: it was not looked at again, or was open',
  );
  expect(unproven).not.toContain('that the network is apart');
});

test('a record that says less proves less', () => {
  const { machines } = evidenceOf(run);
  const [, ...later] = run.steps;
  const { digest: _, ...start } = run.start;
  const older = evidenceOf({ start, steps: later });
  expect(older.network).toEqual({
    account: '123456789012',
    subnets: [{ id: 'subnet-0814d7bae454ed20c' }, { id: 'subnet-0ccf4b5dec15645d6' }],
    group: 'sg-04095d1c3bc7ebb5c',
  });
  expect(older.unproven.join('\n')).toContain('that the network is apart: the record does not say');
  expect(older).not.toHaveProperty('digest');
  expect(evidencePage(older, new Map())).toContain('not in the record of this test');
  const real = evidenceOf({
    start: { ...start, kind: 'real' },
    steps: [...later, { at: 0, what: 'committed' }],
  });
  const page = evidencePage(real, new Map());
  expect(page).toContain('<title>Failover 3 of web: did not pass</title>');
  expect(page).toContain('the machines stay');
  expect(page).not.toMatch(/\btests?\b|is apart|nobody looked for/i);
  expect(evidenceOf({ ...run, steps: run.steps.slice(0, 3) })).toMatchObject({ machines });
  expect(evidenceOf({ ...run, steps: [] })).not.toHaveProperty('passed');
});

test('a planned failover lost nothing, and the page says why', () => {
  const fencing = (['asked', 'off', 'point', 'at-rest'] as const).map((did, n) => ({
    at: run.start.began + n * 1000,
    vm: 'web01',
    did,
  }));
  const start = { ...run.start, kind: 'real' as const, planned: true as const, fencing };
  // Its last points are made after it began.
  const [first] = start.groups[0]!.machines;
  const groups = [{ wait: 0, machines: [{ ...first!, time: start.began + minute }] }];
  const evidence = evidenceOf({ ...run, start: { ...start, groups } });
  expect(evidence).toMatchObject({ planned: true, machines: [{ rpo: 0 }] });
  // How home was fenced, step by step, before anything was launched.
  expect(evidence.phases.slice(0, 5).map(({ what, vm, saw, after }) => [what, vm, saw, after])).toEqual([
    ['fenced', 'web01', 'its guest was asked to shut down', 0],
    ['fenced', 'web01', 'it was off', 1000],
    ['fenced', 'web01', 'its last point was made', 2000],
    ['fenced', 'web01', 'vSphere said that nothing was written since that point', 3000],
    ['proven', undefined, undefined, 1000],
  ]);
  expect(evidencePage(evidence, new Map()).match(/fenced at home/g)).toHaveLength(4);
  const page = evidencePage(evidence, new Map());
  expect(page).toContain('<b>0 s</b> of data lost: home was shut down before its last points were made');
  expect(page).toContain('<dt>Planned</dt><dd>the guests at home were shut down first');
  expect(evidencePage(evidenceOf(run), new Map())).not.toContain('Planned');
});

test('the page loads nothing, and nothing that a machine said is more than text', () => {
  const page = evidencePage(evidenceOf(run), new Map([[1, { image: 'iVBORw0KGgo=', type: 'png' }]]));
  const passed = run.steps.with(-1, { at: 0, what: 'finished', ok: true, took: 90_000 });
  expect(evidenceOf({ ...run, steps: passed })).toMatchObject({ passed: true, rto: 90_000 });
  // Tried again: only what was launched since then was recovered in that time.
  const again = { at: 0, what: 'retry' as const, vms: ['web01', 'db01'], anew: [] };
  const launch = (vm: string) => ({ at: 0, what: 'launched' as const, vm, image: 'ami-1', instance: vm });
  const end = passed.at(-1)!;
  const partly = evidenceOf({ ...run, steps: [...passed, again, launch('db01'), end] });
  expect(partly).toMatchObject({ passed: true, took: 90_000 });
  expect(partly).not.toHaveProperty('rto');
  expect(evidencePage(partly, new Map())).toContain('no recovery time, since not every machine was launched');
  const steps = [...passed, again, launch('web01'), launch('db01'), end];
  expect(evidenceOf({ ...run, steps })).toMatchObject({ rto: 90_000 });
  for (const shown of [
    'did not pass',
    '15 min 0 s',
    '6 min 0 s',
    'fd320fe42ffff377',
    '10.0.1.0/24, eu-west-1a',
  ])
    expect(page).toContain(shown);
  expect(page).toContain('src="data:image/png;base64,iVBORw0KGgo="');
  expect(page.match(/<script|\u202e/g)).toBeNull();
  expect(page.match(/(?:src|href)="(?!data:)/g)).toBeNull();
  expect(page).toContain("default-src 'none'");
});

test('what nobody might ask for is in what was not proven', () => {
  const [proven, ...rest] = run.steps;
  const unseen = ['private hosted zones (route53:ListHostedZonesByVPC is not allowed)'];
  const { unproven } = evidenceOf({ ...run, steps: [{ ...proven!, unseen } as typeof proven & {}, ...rest] });
  expect(unproven.join('\n')).toContain('nobody might ask for private hosted zones');
});
