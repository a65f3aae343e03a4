import type { Meanings } from './meaning.ts';

export const takingOver = {
  'domain-controller': {
    means:
      'A failover would run a copy of a domain controller, and nobody knows whether others of its domain live.',
    wayOut: 'If none does, or the domain can bear it, `--allow` the address of its target.',
  },
  'failover-begun': {
    means: 'Somebody else began a failover of the same plan.',
    wayOut: 'Look at it with `converge failover status`.',
  },
  'failover-committed': {
    means: 'A failover was committed: its machines live in AWS.',
    wayOut: 'Look at it with `converge failover status`.',
  },
  'failover-standing': {
    means: 'A failover has taken over from the machines at home, or is in the middle of it.',
    wayOut: 'Keep it with `converge failover commit`, or end it with `converge failover undo`.',
  },
  'machine-not-launched': {
    means: 'An instance of a rehearsal ended before it ran.',
    wayOut: 'The message holds what EC2 said; run again.',
  },
  'no-failover': { means: 'A plan was never carried out.', wayOut: 'Rehearse it with `--test`.' },
  'nothing-standing': {
    means: 'A test that is to be tried again was cleaned up.',
    wayOut: 'Rehearse the plan anew.',
  },
  'source-running': {
    means: 'A machine still runs at home that a failover would run in AWS.',
    wayOut: 'Shut it down, or cut it off and say so by `--source-down-confirmed`.',
  },
  'source-unknown': {
    means: 'Nobody can say whether a machine still runs at home that a failover would run in AWS.',
    wayOut: 'See to it that it does not, and say so by `--source-down-confirmed`.',
  },
  'failback-begun': {
    means: 'A machine of this failover is being brought home, or has left EC2: nobody else decides about it.',
    wayOut: 'End the failback, then remove what is left of it: `converge failover undo PLAN --only ADDRESS`.',
  },
  'failback-folder': {
    means:
      'The folder that a machine is to be brought home into has something that this failback did not put there.',
    wayOut: 'Name another folder with `--to DIR`, or empty that one if nobody needs what is in it.',
  },
  'failback-where': {
    means: 'It was not said where a machine is brought home to, or two places were.',
    wayOut: 'Give one of `--to DIR` and `--to-vsphere`.',
  },
  'dns-no-address': {
    means: 'A record of DNS is to lead to a machine that has no such address in EC2.',
    wayOut: 'Give it one in EC2, and run again: the failover goes on.',
  },
  'dns-record': {
    means: "A record of DNS of a plan can't be switched so, is outside of its zone, or is there twice.",
    wayOut: 'Do what the message says.',
  },
  'dns-record-taken': {
    means: "Route 53 has something in a record's place that a failover doesn't switch.",
    wayOut: 'Declare the record as it is there, or switch it by hand.',
  },
  'dns-zone-ambiguous': {
    means: 'Several hosted zones have the name that a plan gives, such as a public and a private one.',
    wayOut: 'Name the zone by its id.',
  },
  'dns-zone-not-found': {
    means: 'The account has no hosted zone of that name or id.',
    wayOut: "Look at the account of the plan's target, and at how the zone is written.",
  },
  'home-in-the-way': {
    means: "The disks of a machine at home can't be written as they are.",
    wayOut: 'Do what the message says, or write into a folder with `--to DIR`.',
  },
  'home-write-failed': {
    means: "vSphere's file service did not take the content of a disk.",
    wayOut: 'Do what the message says, and run again.',
  },
  'instance-gone': {
    means: 'What a machine ran as in EC2 has ended.',
    wayOut: 'Look at its volumes in EC2, which outlive it.',
  },
  'not-at-rest': {
    means:
      'A machine that was shut down for a planned failover was started again, or wrote after its last point.',
    wayOut: 'Leave it off and run again: nothing was switched over.',
  },
  'not-failed-over': {
    means: 'A machine is to be brought home that no failover has taken over from.',
    wayOut: 'Name one that runs in EC2: `converge status` tells.',
  },
  'readback-differs': {
    means: "What was written at home isn't there as it was written.",
    wayOut: 'Look at the storage there, and run again.',
  },
  'new-vm-there': {
    means: 'A VM has the name already that a new one was to get.',
    wayOut: 'Choose another name with `--as-new`, or do what the message says.',
  },
  'planned-newest': {
    means: 'A planned failover was to be of an older point.',
    wayOut: 'Leave out `--point`, or `--planned`.',
  },
  'shutdown-timeout': {
    means: 'Guests did not shut down in the time that they had; nothing was switched over.',
    wayOut: 'Look at their consoles, and run again or give them longer.',
  },
  'snapshots-unrelated': {
    means: 'Two EBS snapshots are of different lineages, so that EBS knows of no difference.',
    wayOut: 'Nothing to do: the whole disk is taken in its place.',
  },
  'volume-left-out': {
    means: "A volume was attached to a machine in EC2 that its recovery point doesn't have.",
    wayOut: 'Copy what it holds onto a disk of the machine and detach it, or leave it in EC2 with `--allow`.',
  },
  'volume-missing': {
    means: 'A disk of a recovered machine was taken out of its instance.',
    wayOut: 'Attach it again where the message says.',
  },
} as const satisfies Meanings;
