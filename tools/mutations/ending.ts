import type { Mutation } from './mutation.ts';

const ends = 'src/app/recovery/real/ends.ts';
const where = 'src/recovery/run/where.ts';
const standing = 'src/recovery/failover/standing.ts';
const file = 'test/recovery/ending.test.ts';
const ended: Mutation['test'] = [
  file,
  'committed, brought home, and what is left ended: killed before ended, the same goes on',
];

/** What keeps the end of a failover from losing what nothing else has. */
export const ofEnding: readonly Mutation[] = [
  {
    guard: 'an end of a machine that is on its way home',
    file: ends,
    from: "if (where === 'homeward')",
    to: 'if (false)',
    test: [file, 'one that is on its way home is ended by nobody'],
  },
  {
    guard: 'an end of a machine that others left behind when they went home',
    file: ends,
    from: 'if (left.length === 0 || only !== undefined) return [];',
    to: 'return [];',
    test: [file, 'one that was left behind when another went home is ended by no undo that does not name it'],
  },
  {
    guard: 'an end of a machine that was committed',
    file: ends,
    from: 'if (isCommitted)',
    to: 'if (false)',
    test: [file, 'one that was committed is ended when it is home'],
  },
  {
    guard: 'an end that nobody approved',
    file: 'src/app/approval.ts',
    from: "if (approval === 'nobody') throw refusal();",
    to: "if (approval === 'nobody') return true;",
    test: [file, 'where nobody can be asked, nobody has said yes'],
  },
  {
    guard: 'a retry of a failover that a machine has left',
    file: where,
    from: 'if (vm === undefined) return;',
    to: 'return;',
    test: [file, 'nothing is tried again of a run that a machine has left'],
  },
  {
    guard: 'an end of one machine that takes others with it',
    file: standing,
    from: 'const tags = only ? machineTags(repository.id, start, only.uuid) : runTags(repository.id, start);\n  const all = only ? [only] : machinesOf(run);',
    to: 'const tags = runTags(repository.id, start);\n  const all = machinesOf(run);',
    test: [file, 'one of two is ended alone'],
  },
  {
    guard: 'a commit of half a failover',
    file: where,
    from: "thoseAt(run, 'nowhere', 'unfinished')",
    to: 'thoseAt(run)',
    test: [file, 'half a failover is not said to have taken over'],
  },
  {
    guard: 'a machine that is home and counts as living in AWS',
    file: 'src/recovery/failback/failback.ts',
    from: 'await settleHome(repository, holderOf(run.start), uuid, clock.now());',
    to: '',
    test: ended,
  },
];
