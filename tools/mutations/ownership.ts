import type { Mutation } from './mutation.ts';

const aws = 'src/resources/aws/';
const shared = 'src/resources/shared/ownership.ts';
const file = 'test/resources/aws/ownership.test.ts';
const elsewhere: Mutation['test'] = [
  file,
  'security_group: with its tags and no record, or records of elsewhere, it is left alone',
];
const another = (type: string): Mutation['test'] => [
  file,
  `${type}: another one of its name is left alone, whatever its tags say`,
];

/** What keeps converge from removing what it did not make. */
export const ofOwnership: readonly Mutation[] = [
  {
    guard: 'a deletion of what no record accounts for',
    file: shared,
    from: "throw new Failure(foreign(object, 'there is no record that converge made it'));",
    to: 'return;',
    test: elsewhere,
  },
  {
    guard: 'a deletion by a record of another account',
    file: shared,
    from: 'if (found.account !== account)',
    to: 'if (false)',
    test: elsewhere,
  },
  {
    guard: 'a deletion by a record of another region',
    file: shared,
    from: 'if (found.region !== records.region)',
    to: 'if (false)',
    test: elsewhere,
  },
  {
    guard: "a deletion by a record that can't be read",
    file: shared,
    from: 'if (unreadable || damaged)',
    to: 'if (false)',
    test: elsewhere,
  },
  {
    guard: 'a deletion of another object of the name, with copied tags',
    file: shared,
    from: 'if (found.id !== undefined && found.id !== id)',
    to: 'if (false)',
    test: another('security_group'),
  },
  {
    guard: 'a deletion of what has no mark',
    file: shared,
    from: 'if (mark === undefined) throw new Failure(foreign(object, `it lacks the tag ${MADE_BY}`));',
    to: 'if (mark === undefined) return;',
    test: another('bucket'),
  },
  {
    guard: 'a deletion of a security group that is foreign',
    file: `${aws}pilot/security_group.ts`,
    from: "await demandOurs({ type: 'security_group', title, id: group.id, tags: group.tags }, io);",
    to: '',
    test: another('security_group'),
  },
  {
    guard: 'a deletion of a role that is foreign',
    file: `${aws}pilot/iam_role.ts`,
    from: "await demandOurs({ type: 'iam_role', title, id: found.id, tags: found.tags }, io);",
    to: '{}',
    test: another('iam_role'),
  },
  {
    guard: 'a deletion of a network that is foreign',
    file: `${aws}network/isolated-network-change.ts`,
    from: 'await demandOurs({ type, title, id: found.vpc, tags: found.tags }, io);',
    to: '',
    test: another('isolated_network'),
  },
  {
    guard: 'a deletion of a recovery target that is foreign',
    file: `${aws}recovery-target-change.ts`,
    from: 'if (found) await demandOurs({ type, title, id: found.id, tags: found.tags }, io);',
    to: '',
    test: another('recovery_target'),
  },
  {
    guard: 'a deletion of a bucket that is foreign',
    file: `${aws}bucket.ts`,
    from: "await demandOurs({ type: 'bucket', title, tags, hint: byHand }, io);",
    to: '',
    test: another('bucket'),
  },
];
