import { expect, test } from 'vitest';
import { evidenceOf, evidencePage } from '../../src/recovery/failover/evidence.ts';
import type { Run, RunMachine } from '../../src/recovery/failover/run.ts';

const minute = 60_000;
const began = Date.UTC(2026, 10, 28, 12);
const evil = `</td><script src="https://example.com/x.js">"'&\u202e`;

const machine = (vm: string): RunMachine => ({
  vm,
  uuid: `uuid-${vm}`,
  point: 'p1',
  time: began - 15 * minute,
  instance_type: 'm6i.large',
  boot_mode: 'uefi',
  tpm: false,
  disks: [{ index: 0, snapshot: 'snap-1' }],
});

const run: Run = {
  start: {
    version: 1,
    plan: 'web',
    number: 3,
    began,
    account: '123456789012',
    subnet: 'subnet-1',
    else_subnets: ['subnet-2'],
    group: 'sg-1',
    limit: 240 * minute,
    groups: [{ machines: [machine('web01'), machine('db01')], wait: 0 }],
    probes: {},
  },
  steps: [
    { at: began + minute, what: 'launched', vm: 'web01', image: 'ami-1', instance: 'i-1' },
    {
      at: began + 5 * minute,
      what: 'probed',
      vm: 'web01',
      instance: 'i-1',
      picture: 1,
      results: [
        { probe: 'TCP port 22', from: 'a prober in the network', outcome: 'passed', saw: 'it was taken' },
        { probe: 'console', from: 'EC2', outcome: 'not run', saw: evil },
      ],
    },
    { at: began + 6 * minute, what: 'finished', ok: false, took: 6 * minute },
  ],
};

test('recovery point and time, each phase with its time, and what was not proven', () => {
  const evidence = evidenceOf(run);
  expect(evidence).toMatchObject({
    plan: 'web',
    test: 3,
    passed: false,
    rto: 6 * minute,
    network: { subnets: ['subnet-1', 'subnet-2'], group: 'sg-1' },
    machines: [
      { vm: 'web01', rpo: 15 * minute, instance: 'i-1', picture: 1, snapshots: ['snap-1'] },
      { vm: 'db01', results: [] },
    ],
    phases: [
      { at: '2026-11-28T12:01:00.000Z', what: 'launched', vm: 'web01' },
      { what: 'probed' },
      { at: '2026-11-28T12:06:00.000Z', what: 'finished' },
    ],
  });
  expect(evidence.unproven.slice(0, 2)).toEqual([
    `web01: console was not run: ${evil}`,
    'db01 was not probed to the end',
  ]);
  const { rto: _, passed: __, ...rest } = evidence;
  expect(evidenceOf({ ...run, steps: run.steps.slice(0, 2) })).toMatchObject({
    machines: rest.machines,
  });
  expect(evidenceOf({ ...run, steps: [] })).not.toHaveProperty('passed');
});

test('the page loads nothing, and nothing that a machine said is more than text', () => {
  const page = evidencePage(evidenceOf(run), new Map([[1, { image: 'iVBORw0KGgo=', type: 'png' }]]));
  expect(page).toContain('did not pass');
  expect(page).toContain('0 h 15 min 0 s');
  expect(page).toContain('src="data:image/png;base64,iVBORw0KGgo="');
  expect(page.match(/<script|\u202e/g)).toBeNull();
  expect(page.match(/(?:src|href)="(?!data:)/g)).toBeNull();
  expect(page).toContain("default-src 'none'");
});
