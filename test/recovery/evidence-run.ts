import type { Run, RunMachine } from '../../src/recovery/run/run.ts';

export const minute = 60_000;
export const began = Date.UTC(2026, 10, 28, 12);

const machine = (vm: string): RunMachine => ({
  vm,
  uuid: `uuid-${vm}`,
  point: 'b1120bf5e2ccb47b15938460992561f9',
  time: began - 15 * minute,
  instance_type: 'm6i.large',
  boot_mode: 'uefi',
  tpm: false,
  disks: [{ index: 0, snapshot: 'snap-0f0fddee7ad031834' }],
});

/** The record of a test of two machines, of which one was probed. */
export const aRun = ({ vm = 'web01', saw = '' }: { vm?: string; saw?: string } = {}): Run => ({
  start: {
    version: 1,
    plan: 'web',
    number: 3,
    began,
    digest: 'fd320fe42ffff377'.repeat(4),
    account: '123456789012',
    subnet: 'subnet-0814d7bae454ed20c',
    else_subnets: ['subnet-0ccf4b5dec15645d6'],
    group: 'sg-04095d1c3bc7ebb5c',
    limit: 240 * minute,
    groups: [{ machines: [machine(vm), machine('db01')], wait: 0 }],
    probes: {},
  },
  steps: [
    {
      at: began + 1000,
      what: 'proven',
      vpc: 'vpc-026f23f0c3c408573',
      subnets: [
        { id: 'subnet-0814d7bae454ed20c', zone: 'eu-west-1a', range: '10.0.1.0/24' },
        { id: 'subnet-0ccf4b5dec15645d6', zone: 'eu-west-1b', range: '10.0.2.0/24' },
      ],
      looked: ['no route of its subnets leads out of the VPC', 'it has no endpoint'],
    },
    {
      at: began + minute,
      what: 'launched',
      vm,
      image: 'ami-0123456789abcdef0',
      instance: 'i-098c54c1fa6e4f9a3',
    },
    {
      at: began + 5 * minute,
      what: 'probed',
      vm,
      instance: 'i-098c54c1fa6e4f9a3',
      picture: 1,
      results: [
        { probe: 'TCP port 22', from: 'a prober in the network', outcome: 'passed', saw: 'it was taken' },
        { probe: 'status checks', from: 'EC2', outcome: 'passed', saw: 'system ok, instance ok' },
        { probe: 'console', from: 'EC2', outcome: 'not run', saw },
      ],
    },
    { at: began + 6 * minute, what: 'refused', vm: 'db01', why: 'EC2 has no room for it' },
    { at: began + 6 * minute, what: 'finished', ok: false, took: 6 * minute },
  ],
});
