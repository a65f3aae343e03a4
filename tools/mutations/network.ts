import type { Mutation } from './mutation.ts';

const proxies = ['src/network/proxies.ts', 'test/network/proxies.test.ts'] as const;

/** What keeps passwords, limits and snapshots what they are said to be. */
export const ofNetwork: readonly Mutation[] = [
  {
    guard: 'no proxy leads to this machine or the metadata of an instance',
    file: proxies[0],
    from: 'isNear(to.host) || ',
    to: '',
    test: [
      proxies[1],
      'a proxy from the environment > never leads to this machine or its link, where the metadata of an instance are',
    ],
  },
  {
    guard: 'the password of a proxy is known as a secret',
    file: 'src/app/app-context.ts',
    from: 'known.redactor.add(password);',
    to: 'void password;',
    test: [proxies[1], 'the password of a proxy is in nothing that is said'],
  },
  {
    guard: 'what is sent is taken off what may be sent',
    file: 'src/network/throttle.ts',
    from: 'tokens -= granted;',
    to: '',
    test: ['test/network/throttle.test.ts', 'any uploads together never send more than the limit allows'],
  },
  {
    guard: 'bodies wait for the limit before they are on the wire',
    file: 'src/aws/wire/wire.ts',
    from: '((await uploads?.take(some)) ?? some)',
    to: 'some',
    test: ['test/aws/uploads.test.ts', 'large and small bodies wait for the same limit'],
  },
  {
    guard: 'what was seen of snapshots counts no longer once one is removed',
    file: 'src/vsphere/client/machine.ts',
    from: '      listed = undefined;\n      made = undefined;\n',
    to: '',
    test: ['test/replication/cases/operation.test.ts', 'case 20: a quiesced snapshot whose disks are deltas'],
  },
  {
    guard: 'a snapshot that this removal took away is not told as gone before',
    file: 'src/vsphere/snapshots/snapshots.ts',
    from: " && !isOurs ? 'gone'",
    to: " ? 'gone'",
    test: [
      'test/vsphere/machine.test.ts',
      'removing a snapshot > is content when it went while the task ran, and tells',
    ],
  },
  {
    guard: 'a collector that served other tasks tells nothing of this one',
    file: 'src/vsphere/soap/tasks.ts',
    from: "textAt(f, 'filter') === filter",
    to: 'filter !== undefined',
    test: ['test/vsphere/tasks.test.ts', 'one collector serves a task after the other'],
  },
];
