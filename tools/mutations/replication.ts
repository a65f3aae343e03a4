import type { Mutation } from './mutation.ts';

const cycle = 'src/replication/cycle/';
const tests = 'test/replication/';
const renewed: Mutation['test'] = [
  'test/aws/renewed-credentials.test.ts',
  'a cycle goes on when a credentials file was renewed since its token expired, at whatever step',
];

/** What keeps points true, and credentials and locks in force, while a cycle lasts and after it. */
export const ofReplication: readonly Mutation[] = [
  {
    guard: 'whoever comes back from an outage proves its lease before anything else',
    file: `${cycle}outlast.ts`,
    from: 'if (attempt > 1) await prove();',
    to: '',
    test: [
      `${tests}cycle/outage.test.ts`,
      'A8: forty minutes without the repository before pages: the lease is renewed first',
    ],
  },
  {
    guard: 'credentials that expired are asked for once more',
    file: 'src/aws/s3-client.ts',
    from: 'if (now.sessionToken === before) throw error;',
    to: 'if (now) throw error;',
    test: renewed,
  },
  {
    guard: 'files of credentials are read again, past what the SDK remembers',
    file: 'src/aws/s3-client.ts',
    from: 'await loadSharedConfigFiles({ ignoreCache: true }).catch(() => {});',
    to: 'void loadSharedConfigFiles;',
    test: renewed,
  },
  {
    guard: 'the newest whole points stay, whatever the policy says',
    file: 'src/replication/retention/decide.ts',
    from: 'both(of => of.slice(0, FEWEST))',
    to: 'both(of => of.slice(0, 0))',
    test: [
      `${tests}retention/decide.test.ts`,
      'the newest whole points, the head, pins and wrong dates stay',
    ],
  },
  {
    guard: 'what is encrypted beside the usual work is told',
    file: 'src/replication/retention/change-signal.ts',
    from: 'const DENSE = 0.85;',
    to: 'const DENSE = 0.9;',
    test: [
      `${tests}retention/change-signal.test.ts`,
      'encryption beside the usual work of a server is told, from four times the usual on',
    ],
  },
  {
    guard: 'a damaged block is never stored already',
    file: 'src/replication/repository/write/disk-writer.ts',
    from: 'const doubted = state.doubted.has(key);',
    to: 'const doubted = false;',
    test: [`${tests}heal/heal.test.ts`, 'healing costs its blocks, and not a copy of the disk'],
  },
  {
    guard: 'what takes the place of a locked configuration is locked as that was',
    file: 'src/replication/repository/rotate-key.ts',
    from: '...(lock && { lock })',
    to: '...(lock && {})',
    test: [
      `${tests}repository/rotate-key.test.ts`,
      'what life leaves in a repository is read with the new key, and the locked configuration is locked still',
    ],
  },
  {
    guard: 'the snapshot that was read is there still when the point is made',
    file: `${cycle}run-cycle.ts`,
    from: 'if (snapshots.some(({ moref }) => moref === snapshot.moref)) return;',
    to: 'if (snapshots) return;',
    test: [
      `${tests}cycle/snapshot.test.ts`,
      'a snapshot that somebody else removes > while it is read: what was read is of two moments, and no point',
    ],
  },
  {
    guard: 'why cycles make no point is in the metrics of whoever runs them',
    file: 'src/operation/metrics/metrics.ts',
    from: '...(of.failing ? [failingMetric(each, of.failing)] : [])',
    to: '...(of.failing ? [] : [])',
    test: [
      'test/app/reasons.test.ts',
      'a cycle that ends with lease-lost says so in output, history and metrics',
    ],
  },
];
