import type { Meanings } from './meaning.ts';

export const recovery = {
  'bad-sample': {
    means: "What `--sample` names isn't a share or a number of bytes.",
    wayOut: 'Write it as the message shows.',
  },
  'block-garbled': {
    means: 'A block of an EBS snapshot came with another checksum than the one that it was sent with.',
    wayOut: 'Run again; if it stays so, the replica is made anew.',
  },
  'boot-disk-missing': {
    means: 'A recovery point leaves out the disk that its machine boots from.',
    wayOut: 'Protect that disk too, and make a new point.',
  },
  'cleanup-all': {
    means: '`converge failover cleanup all` was called without `--expired`.',
    wayOut: 'Name the plan, or add `--expired`.',
  },
  'digest-differs': {
    means: 'A rehearsal would do something else than what was approved by `--digest`.',
    wayOut: 'Look at it with `--noop`, and approve the new digest.',
  },
  'failover-begun': {
    means: 'Somebody else began a failover of the same plan.',
    wayOut: 'Look at it with `converge failover status`.',
  },
  'guest-not-linux': {
    means: 'A guest needs a licence or drivers that this way of recovery cannot give it.',
    wayOut: 'Rehearse machines with Linux; others follow in a later version.',
  },
  'image-name-taken': {
    means: 'An image of that name is in the account, and converge did not make it.',
    wayOut: 'Rename or deregister it.',
  },
  'left-behind': {
    means: 'After a clean-up something with the tags of the test is still there.',
    wayOut: 'Run the clean-up again.',
  },
  'machine-not-launched': {
    means: 'An instance of a rehearsal ended before it ran.',
    wayOut: 'The message holds what EC2 said; run again.',
  },
  'machine-unknown': {
    means: 'A recovery point is older than the record of its machine.',
    wayOut: 'Make a new point.',
  },
  'network-not-found': { means: 'A subnet or its network is not there.', wayOut: 'Correct its id.' },
  'network-open': {
    means: 'The network of a test leads somewhere else: a copy of production could reach it.',
    wayOut: 'Take away what the message names, or name another subnet.',
  },
  'no-failover': { means: 'A plan was never carried out.', wayOut: 'Rehearse it with `--test`.' },
  'no-replica': {
    means: 'There is no whole replica of the point that was asked for.',
    wayOut: 'Make it with `converge replicate VM --replica PATHS`.',
  },
  'not-declared': {
    means: 'The manifests declare no such target or plan.',
    wayOut: 'Correct the name, or name the paths that declare it.',
  },
  'nothing-standing': {
    means: 'A test that is to be tried again was cleaned up.',
    wayOut: 'Rehearse the plan anew.',
  },
  'other-repository': {
    means: 'A plan and one of its targets name different repositories.',
    wayOut: 'Give both the same one.',
  },
  'pins-changed': {
    means: 'Others kept changing the pins of a repository while one was to be set or lifted.',
    wayOut: 'Run again.',
  },
  'post-launch': {
    means: 'The manifests that recovered machines are to converge themselves by have mistakes.',
    wayOut: 'Mend what is told above it.',
  },
  'probe-property': {
    means: 'A probe of a plan says something that does not go with its kind, or lacks what does.',
    wayOut: 'Take it out or add it, as the message says.',
  },
  'probe-target': {
    means: 'A probe is for a machine that is not in its plan.',
    wayOut: 'Name machines of the groups of the plan.',
  },
  'replica-alone': {
    means: '`--replica` was given together with an option that makes a point.',
    wayOut: 'Leave one of them out.',
  },
  'replica-differs': {
    means: 'Blocks of a replica are not those of its recovery point.',
    wayOut: 'Delete its snapshots, and make the replica anew.',
  },
  'replica-size': {
    means: 'A disk has a size that an EBS volume cannot have.',
    wayOut: 'Leave the disk out, or recover the machine in another way.',
  },
  'snapshot-failed': {
    means: 'EBS ended a snapshot with an error.',
    wayOut: 'Run again: a new one is made.',
  },
  'snapshot-not-pending': {
    means: 'A snapshot that was being written is not open for writing any more.',
    wayOut: 'Run again: a new one is made.',
  },
  'target-twice': { means: 'A recovery plan names a machine twice.', wayOut: 'Name each machine once.' },
  'teardown-taken': {
    means: 'EventBridge Scheduler has an entry of the name that the tear-down of a test needs.',
    wayOut: 'Remove it there if nobody needs it.',
  },
  'template-foreign': {
    means: 'A launch template of the name that a target needs is not ours.',
    wayOut: 'Tag it if it is meant for this, or rename it.',
  },
  'test-expired': {
    means: 'The time that a test may stand is over.',
    wayOut: 'Clean it up, or try again what failed with `converge failover retry`.',
  },
  'test-only': {
    means: '`converge failover` was called without `--test`.',
    wayOut: 'Add it: this version rehearses.',
  },
  'test-standing': {
    means: 'An earlier test of the plan has not been cleaned up.',
    wayOut: 'Run `converge failover cleanup`.',
  },
  'vm-missing': {
    means: '`verify --replica` needs to know which VM.',
    wayOut: 'Name it with `--vm`.',
  },
} as const satisfies Meanings;
