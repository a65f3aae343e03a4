import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataDevice, nextMove, type Seen } from '../../src/recovery/failover/swap.ts';

const wanted = { groups: ['sg-target'], profile: 'recovered' };
const volumeIds = ['vol-0', 'vol-1', 'vol-shell'];

/** Anything that EC2 might show of a machine with one disk or two, sensible or not. */
const anySeen: fc.Arbitrary<Seen> = fc
  .record({
    count: fc.constantFrom(1, 2),
    state: fc.constantFrom('pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'),
    groups: fc.constantFrom('sg-quarantine', 'sg-target'),
    profile: fc.constantFrom(undefined, 'arn:aws:iam::1:instance-profile/recovered'),
    made: fc.array(fc.constantFrom(undefined, 'creating', 'available', 'in-use', 'error'), {
      minLength: 2,
      maxLength: 2,
    }),
    task: fc.constantFrom(
      ...([
        undefined,
        'pending',
        'in-progress',
        'failing',
        'succeeded',
        'failed',
        'failed-detached',
      ] as const),
    ),
    devices: fc.uniqueArray(
      fc.record({
        device: fc.constantFrom('/dev/sda1', dataDevice(1), dataDevice(2)),
        volume: fc.constantFrom(...volumeIds),
        state: fc.constantFrom('attaching', 'attached', 'detaching'),
        since: fc.constant(0),
        endsWithIt: fc.boolean(),
      }),
      { maxLength: 3, selector: ({ device }) => device },
    ),
    loose: fc.boolean(),
  })
  .map(({ count, state, groups, profile, made, task, devices, loose }) => ({
    instance: {
      id: 'i-1',
      state,
      launched: 0,
      account: '1',
      type: 'm6i.large',
      zone: 'a',
      groups: [groups],
      ...(profile !== undefined && { profile }),
      platformDetails: 'Windows',
      usageOperation: 'RunInstances:0002',
      rootDevice: '/dev/sda1',
      devices,
      tags: {},
    },
    disks: made
      .slice(0, count)
      .map((its, n) => its && { id: `vol-${n}`, state: its, zone: 'a', gib: 1, encrypted: false, tags: {} }),
    shells: [
      {
        id: 'vol-shell',
        state: loose ? 'available' : 'in-use',
        zone: 'a',
        gib: 1,
        encrypted: false,
        tags: {},
      },
    ],
    task,
  }));

test('in whatever state: no disk of its own beside a shell, no network before its own disks', () => {
  fc.assert(
    fc.property(anySeen, seen => {
      const { instance } = seen;
      const disks = seen.disks as Exclude<typeof seen.disks, 'from-image'>;
      const move = nextMove(seen, wanted);
      const own = disks.map(disk => disk?.id);
      const strangers = instance.devices.filter(({ volume }) => !own.includes(volume));
      if (move.ask === 'attach') {
        expect(instance.state).toBe('stopped');
        expect(strangers).toEqual([]);
      }
      if (move.ask === 'start' || move.ask === 'groups' || move.ask === 'profile' || move.ask === 'done') {
        expect(strangers).toEqual([]);
        expect(instance.devices.map(({ volume }) => volume).sort()).toEqual(own.sort());
        expect(instance.devices.find(({ device }) => device === '/dev/sda1')!.volume).toBe('vol-0');
      }
      if (move.ask === 'remove') expect(move.volume).toBe('vol-shell');
      if (move.ask === 'replace-root') expect([own.length, instance.state]).toEqual([1, 'running']);
      if (move.ask === 'done') expect(instance.groups).toEqual(['sg-target']);
    }),
    { numRuns: 5_000 },
  );
});

type Device = Seen['instance']['devices'][number];
const held = (device: string, volume: string, more: Partial<Device> = {}): Device => ({
  device,
  volume,
  state: 'attached',
  since: 0,
  endsWithIt: true,
  ...more,
});
const root = '/dev/sda1';

/** A stopped machine with a data disk, all of it where it belongs, still in quarantine. */
function seenAs(
  of: { state?: string; devices?: Device[]; volumes?: string[]; shell?: string; groups?: string[] } = {},
  task?: Seen['task'],
): Seen {
  const { state = 'stopped', volumes = ['in-use', 'in-use'], shell, groups = ['sg-quarantine'] } = of;
  const volume = (id: string, its: string) => ({
    id,
    state: its,
    zone: 'a',
    gib: 1,
    encrypted: false,
    tags: {},
  });
  return {
    instance: {
      id: 'i-1',
      state,
      launched: 0,
      account: '1',
      type: 'm6i.large',
      zone: 'a',
      groups,
      platformDetails: 'Windows',
      usageOperation: 'RunInstances:0002',
      rootDevice: root,
      devices: of.devices ?? [held(root, 'vol-0'), held(dataDevice(1), 'vol-1')],
      tags: {},
    },
    disks: volumes.map((its, n) => volume(`vol-${n}`, its)),
    shells: shell === undefined ? [] : [volume('vol-shell', shell)],
    task,
  };
}
const alone = { state: 'running', volumes: ['available'], devices: [held(root, 'vol-shell')] };

test.for<[string, Seen, object]>([
  ['a volume is made', seenAs({ volumes: ['creating', 'in-use'] }), { ask: 'wait', for: 'volume vol-0' }],
  [
    'a volume is broken',
    seenAs({ volumes: ['in-use', 'error'] }),
    { ask: 'give-up', why: 'volume vol-1 is error' },
  ],
  ['it has ended', seenAs({ state: 'terminated' }), { ask: 'give-up', why: 'i-1 is terminated' }],
  ['it is on its way', seenAs({ state: 'stopping' }), { ask: 'wait', for: 'i-1 to be more than stopping' }],
  ...(['pending', 'in-progress', 'failing'] as const).map((task): [string, Seen, object] => [
    `its root is being exchanged (${task})`,
    seenAs(alone, task),
    { ask: 'wait', for: 'its root to be replaced' },
  ]),
  ['its root can be exchanged', seenAs(alone), { ask: 'replace-root', volume: 'vol-0' }],
  ['that failed', seenAs(alone, 'failed'), { ask: 'stop' }],
  [
    'it has data disks',
    seenAs({ state: 'running', volumes: ['available', 'available'], devices: [held(root, 'vol-shell')] }),
    { ask: 'stop' },
  ],
  [
    'a disk isn’t free yet',
    seenAs({ volumes: ['in-use', 'in-use'], devices: [held(dataDevice(1), 'vol-1')] }),
    { ask: 'wait', for: 'volume vol-0 to be more than in-use' },
  ],
  [
    'a disk is being put in',
    seenAs({ devices: [held(root, 'vol-0'), held(dataDevice(1), 'vol-1', { state: 'attaching' })] }),
    { ask: 'wait', for: `${dataDevice(1)} to be more than attaching` },
  ],
  [
    'a disk of its own is where another belongs',
    seenAs({ devices: [held(root, 'vol-1'), held(dataDevice(1), 'vol-0')] }),
    { ask: 'detach', volume: 'vol-1' },
  ],
  [
    'its disks would outlive it',
    seenAs({
      devices: [held(root, 'vol-0'), held(dataDevice(1), 'vol-1', { endsWithIt: false })],
    }),
    { ask: 'end-with', devices: [dataDevice(1)], ends: true },
  ],
  ['all is in', seenAs(), { ask: 'start' }],
  [
    'the exchange isn’t over though its root is seen',
    seenAs({ state: 'running', volumes: ['in-use'], devices: [held(root, 'vol-0')] }, 'in-progress'),
    { ask: 'wait', for: 'its root to be replaced' },
  ],
  [
    'the disk of its shell is left',
    seenAs({ state: 'running', shell: 'available' }),
    { ask: 'remove', volume: 'vol-shell' },
  ],
  ['it is still in quarantine', seenAs({ state: 'running' }), { ask: 'groups' }],
  [
    'it is in quarantine too',
    seenAs({ state: 'running', groups: ['sg-target', 'sg-quarantine'] }),
    { ask: 'groups' },
  ],
  [
    'its profile is missing',
    seenAs({ state: 'running', groups: ['sg-target'] }),
    { ask: 'profile', profile: 'recovered' },
  ],
])('the one next move when %s', ([, seen, move]) => {
  expect(nextMove(seen, wanted)).toEqual(move);
});

test('launched from an image of its own disks: they outlive it when it takes over, then comes its network', () => {
  const seen = (endsWithIt: boolean, groups: string[]): Seen => {
    const { instance, ...rest } = seenAs({ state: 'running', groups });
    const devices = instance.devices.map(one => ({ ...one, endsWithIt }));
    return { ...rest, instance: { ...instance, devices }, disks: 'from-image' };
  };
  const keeping = { ...wanted, keeps: true };
  const devices = (one: Seen) => one.instance.devices.map(({ device }) => device);
  const quarantined = seen(true, ['sg-quarantine']);
  expect(nextMove(quarantined, keeping)).toEqual({
    ask: 'end-with',
    devices: devices(quarantined),
    ends: false,
  });
  expect(nextMove(seen(false, ['sg-quarantine']), keeping)).toEqual({ ask: 'groups' });
  expect(nextMove(quarantined, wanted)).toEqual({ ask: 'groups' });
});
