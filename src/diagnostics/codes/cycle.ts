import type { Meanings } from './meaning.ts';

export const cycle = {
  'all-changed': {
    means: 'Change tracking reports a whole disk as changed, so it was read in full (a warning).',
    wayOut: 'Expected after a defragmentation of the disk; otherwise look at the host.',
  },
  'bad-extent': {
    means: "vSphere reported a changed area that isn't in whole, non-negative bytes.",
    wayOut: 'Request a full comparison of the VM, and report the vCenter build.',
  },
  'changed-areas-stuck': {
    means: "vSphere's answer about changed areas doesn't go on from where it was asked.",
    wayOut: 'Request a full comparison of the VM.',
  },
  'clock-skew': {
    means: 'Two clocks differ (a warning).',
    wayOut: 'Let both machines follow one time server.',
  },
  'commit-unknown': {
    means: 'A recovery point may be complete: the answer to its last write was lost.',
    wayOut: '`converge points` tells; the next replication goes on from whatever is complete.',
  },
  'cycle-failed': {
    means: 'A replication cycle failed for a reason without a code of its own.',
    wayOut: 'The message says why; run again.',
  },
  'datastore-full': {
    means:
      'A datastore has so little room that a snapshot could fill it; no snapshot is made, or it is removed.',
    wayOut: 'Free space in it, or move the machine to another.',
  },
  'datastore-low': {
    means: 'A datastore has little room for the snapshots of cycles (a warning).',
    wayOut: 'Free space in it.',
  },
  'disk-moved': {
    means: 'A raw image holds another disk than the one that now has the number.',
    wayOut:
      "Declare the disk's new number, or remove the file beside the image to hold the other disk from now on.",
  },
  'disk-not-frozen': {
    means: "A snapshot doesn't contain a disk of the VM.",
    wayOut: 'Run again if the disk was just removed; otherwise check its mode.',
  },
  'disk-on-delta': {
    means: "A disk is a delta on a disk of another VM, which can't be read.",
    wayOut: 'Make it a full clone, or exclude the disk.',
  },
  'exclusion-moved': {
    means:
      'The disks of a VM changed their order, so a number in `disks.exclude` would leave out another disk.',
    wayOut: 'Name the disk by its label.',
  },
  'failed-over': {
    means: 'A VM runs in AWS by a failover, so that nothing of what is at home is taken for newer.',
    wayOut: 'Keep the machine at home off; `converge failover undo` ends the one in AWS and lifts this.',
  },
  'head-moved': {
    means: 'Another cycle completed a point of the VM meanwhile.',
    wayOut: 'Run again: the next cycle starts from that point.',
  },
  'lease-damaged': {
    means: "The lease of a VM in the repository can't be read, and somebody may hold it.",
    wayOut: 'Run again a few minutes later: a cycle then takes the lease and writes it anew.',
  },
  'lease-held': {
    means: 'Another process is replicating this VM, or has just ended.',
    wayOut: 'Wait for it; its lease runs out by itself.',
  },
  'lease-lost': {
    means: 'Another mover took over the lease of a cycle, or it was removed, so the cycle stopped.',
    wayOut: 'Run again; nothing that was written is visible.',
  },
  'lease-stays': {
    means: "The lease of a cycle couldn't be removed (a warning).",
    wayOut: 'It runs out by itself; the next cycle waits until then.',
  },
  'lease-unanswered': {
    means: "The repository doesn't answer, so the lease of a cycle can't be written.",
    wayOut: 'Run again when the repository can be reached.',
  },
  'long-cycles-first': {
    means: 'A disk has to be read whole, and an agent has no room for another such cycle now.',
    wayOut: 'Nothing: it begins when one of them has ended. `converge replicate` runs it now.',
  },
  'no-disk-left': {
    means: 'A VM has no disk to protect, or all are excluded.',
    wayOut: 'Remove an entry of `disks.exclude`.',
  },
  'not-quiesced': {
    means: "A VM couldn't be quiesced, so its point is crash-consistent (a warning).",
    wayOut: 'Check VMware Tools and the VSS writers in the guest; `quiesce: off` never tries.',
  },
  'orphan-removed': {
    means: 'A snapshot that an earlier cycle had left when it died was removed (a warning).',
    wayOut: 'Nothing has to be done.',
  },
  'quiesce-failed': {
    means: "A VM couldn't be quiesced, and its manifest asks for it.",
    wayOut: 'Check VMware Tools and the VSS writers in the guest, or declare `quiesce: prefer`.',
  },
  'rpo-too-short': {
    means: '`rpo` is shorter than the schedule and its windows can keep.',
    wayOut: 'Leave it out, shorten the schedule, or let windows open more often.',
  },
  'snapshot-gone': {
    means: 'Somebody removed a snapshot while it was read; no point was made of it.',
    wayOut: "Run again, and let no other job remove snapshots that it didn't make.",
  },
  'snapshot-in-the-way': {
    means: "A VM has snapshots below which its disks can't be read.",
    wayOut: 'Remove them as the hint says.',
  },
  'snapshot-left': {
    means: 'The snapshot of a cycle may still be there (a warning).',
    wayOut: 'The next cycle removes it; look at the tasks and the free space of the datastore.',
  },
  'snapshot-old': {
    means: "A VM has had somebody's snapshot for days, and every write makes it larger (a warning).",
    wayOut: 'Remove it in vSphere unless somebody still needs it.',
  },
  'snapshot-removal-failed': {
    means: "The snapshot of a cycle couldn't be removed.",
    wayOut: 'The next cycle tries again.',
  },
  'snapshot-removed': {
    means: 'Somebody else removed the snapshot of a cycle before the cycle did (a warning).',
    wayOut: "The point is whole; let no other job remove snapshots that it didn't make.",
  },
  'snapshot-unclear': {
    means:
      'A snapshot of converge is left at a VM, and its repository is not known or cannot be opened here (a warning).',
    wayOut: 'Find its repository with `converge points`, or remove the snapshot as the hint says.',
  },
  'tracking-known-bad': {
    means: "The build of the VM's host is known to leave changes out of change tracking (a warning).",
    wayOut: 'Update the host; until then every cycle compares the whole VM.',
  },
  'tracking-lied': {
    means: 'A full comparison found changes that change tracking had left out (a warning).',
    wayOut: "Reset change tracking of the VM, and look for known faults of its host's build.",
  },
  'tracking-off': {
    means: "Change tracking of a VM can't be switched on, so every cycle reads all of it (a warning).",
    wayOut: "Remove the VM's snapshots, or upgrade its virtual hardware.",
  },
  'unknown-disk': {
    means: "`disks.exclude` names a disk that the VM doesn't have.",
    wayOut: 'Name one that it has.',
  },
  'unprotectable-disk': {
    means: "A disk can't be protected, since a snapshot doesn't hold it.",
    wayOut: "Change the disk's mode, or exclude it.",
  },
  'vm-away': {
    means: 'vSphere itself does not reach a VM, or a datastore of it, so that no snapshot of it can be made.',
    wayOut: 'See to its host and its datastores in vSphere; the next cycle finds it.',
  },
  'vm-is-template': {
    means: 'A template is to be protected, and vSphere makes no snapshot of one.',
    wayOut: 'Convert it to a virtual machine, or remove its `protected_vm`.',
  },
  'windows-never-open': {
    means: 'The windows of a VM are never open while its maintenance window is.',
    wayOut: 'Let them overlap, or leave one of them out.',
  },
} as const satisfies Meanings;
