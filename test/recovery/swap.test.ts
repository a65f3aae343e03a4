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
      .map((its, n) => its && { id: `vol-${n}`, state: its, zone: 'a', encrypted: false, tags: {} }),
    shells: [
      { id: 'vol-shell', state: loose ? 'available' : 'in-use', zone: 'a', encrypted: false, tags: {} },
    ],
    task,
  }));

test('in whatever state: no disk of its own beside a shell, no network before its own disks', () => {
  fc.assert(
    fc.property(anySeen, seen => {
      const { instance, disks } = seen;
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
