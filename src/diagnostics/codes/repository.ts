import type { Meanings } from './meaning.ts';

export const repository = {
  'all-changed': {
    means: 'Change tracking reports a whole disk as changed, so it was read in full (a warning).',
    wayOut: 'Expected after a defragmentation of the disk; otherwise look at the host.',
  },
  'ambiguous-point': {
    means: 'Several recovery points begin with the id that was given.',
    wayOut: 'Give more digits of it.',
  },
  'bad-extent': {
    means: "vSphere reported a changed area that isn't in whole, non-negative bytes.",
    wayOut: 'Request a full comparison of the VM, and report the vCenter build.',
  },
  'bad-key': {
    means: "A text isn't a key, or a name before a colon is missing.",
    wayOut:
      'For a key: make one with `converge key create`. For YAML: quote names that start with `*`, `&` or `?`.',
  },
  'bad-object-name': {
    means: "A name can't be that of an object in a repository.",
    wayOut: 'Report it: names are made by converge itself.',
  },
  'bad-point': {
    means: 'What was given is neither a time nor the id of a recovery point.',
    wayOut: 'Give `latest`, a time, or at least 4 digits of an id.',
  },
  'bad-socket': {
    means: "A socket that disks are served on can't be where it was named, or others could reach it there.",
    wayOut: 'Name a short path in a folder of your own with mode 0700; one that is not there is made so.',
  },
  'bad-time': {
    means: 'The moment that was given has passed, or is not one.',
    wayOut: 'Write a duration from now, such as 4h, or an RFC 3339 time to come.',
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
  'configuration-missing': {
    means: "A repository's configuration is gone while its points are there.",
    wayOut: 'Bring it back from an older version of the bucket or from a copy.',
  },
  'configuration-moved': {
    means: 'The keys of a repository were changed by somebody else at the same time.',
    wayOut: 'Run again: it goes on from what is there.',
  },
  'cycle-failed': {
    means: 'A replication cycle failed for a reason without a code of its own.',
    wayOut: 'The message says why; run again.',
  },
  'damage-not-noted': {
    means: "What is known of a repository's damage couldn't be written down in it (a warning).",
    wayOut:
      '`converge verify` by whoever may write to the repository notes it down, so that the next cycle heals it.',
  },
  'damaged-object': {
    means: 'An object of a repository is damaged.',
    wayOut:
      '`converge verify` tells which points it breaks; `converge repair` writes anew what needs no source, and the next cycle what does; an older version of the object may be whole.',
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
  'file-gone': {
    means: 'Somebody else changed or removed a file while it was written.',
    wayOut: 'Run again, and let nothing else write to it.',
  },
  'half-named': {
    means: "Some files of a restore have their names already, others don't.",
    wayOut: 'Mend the cause and restore again with `--force`.',
  },
  'export-failed': {
    means: "A disk of a recovery point couldn't be served, or written as an image.",
    wayOut: 'The message says why; run again.',
  },
  'failed-over': {
    means: 'A VM runs in AWS by a failover, so that nothing of what is at home is taken for newer.',
    wayOut: 'Keep the machine at home off; `converge failover undo` ends the one in AWS and lifts this.',
  },
  'head-moved': {
    means: 'Another cycle completed a point of the VM meanwhile.',
    wayOut: 'Run again: the next cycle starts from that point.',
  },
  'head-rolled-back': {
    means: "A repository's head names an older point than the newest.",
    wayOut: 'Somebody put an older head back: remove it.',
  },
  'image-newer': {
    means: 'A raw image was made from a newer recovery point than the repository has now.',
    wayOut: 'Find out where the newer points went; `--allow` makes the image an older one all the same.',
  },
  'image-locked': { means: 'A raw image is being updated by another run.', wayOut: 'Wait for it to end.' },
  'image-smaller': {
    means: 'A raw image or a disk image is smaller than its disk, or larger than the disk may become.',
    wayOut: 'A disk never shrinks: give a file of the right size.',
  },
  'image-touched': {
    means: 'Somebody else changed or removed a raw image while it was updated.',
    wayOut: 'Let nothing write to it; the next run compares all of it and mends it.',
  },
  'key-needed': {
    means: 'A repository is encrypted, and no key was given.',
    wayOut: 'Give it with `key:` in the manifest, or `--key`.',
  },
  'key-not-found': {
    means: "A key isn't where it was said to be.",
    wayOut: 'Put it into that variable or file.',
  },
  'key-not-needed': {
    means: "A key was given for a repository that isn't encrypted.",
    wayOut: 'Leave it out, or name the repository that it belongs to.',
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
  'list-changed': {
    means: 'Others kept changing a list or a head of a repository while this was to be changed.',
    wayOut: 'Run again.',
  },
  'missing-object': {
    means: 'An object of a repository is missing.',
    wayOut: '`converge verify` tells which points it breaks.',
  },
  'newer-format': {
    means: 'A repository is of a newer format than this converge reads.',
    wayOut: 'Use a newer converge.',
  },
  'newest-missing': {
    means: 'The newest point that is shown may not be the newest one (a warning).',
    wayOut: '`converge verify` tells what is damaged or gone.',
  },
  'no-disk-left': {
    means: 'A VM has no disk to protect, or all are excluded.',
    wayOut: 'Remove an entry of `disks.exclude`.',
  },
  'no-point': {
    means: 'A repository holds no point of the VM that an image is to be made of.',
    wayOut: "Declare the VM's `protected_vm`, or correct the name.",
  },
  'no-points': {
    means: 'A VM has no complete recovery point in the repository.',
    wayOut: "Replicate it; `converge verify` tells why others aren't whole.",
  },
  'long-cycles-first': {
    means: 'A disk has to be read whole, and an agent has no room for another such cycle now.',
    wayOut: 'Nothing: it begins when one of them has ended. `converge replicate` runs it now.',
  },
  'no-such-disk': {
    means: "A recovery point doesn't hold the disk.",
    wayOut: 'Give the index of one that it holds.',
  },
  'no-file-in-point': {
    means: 'A recovery point has no such file.',
    wayOut: 'Correct the path; without its last word, the folder is listed.',
  },
  'no-volume-in-point': {
    means: 'A recovery point has no such disk or partition.',
    wayOut: 'Name one of those that the message lists.',
  },
  'no-such-point': {
    means: 'A VM has no recovery point of that id or age.',
    wayOut: '`converge points` lists them.',
  },
  'not-a-file': {
    means: "A raw image would be written over something that isn't a plain file.",
    wayOut: 'Remove it, or name another path.',
  },
  'not-a-repository': {
    means: 'A folder or prefix holds something other than a repository.',
    wayOut: 'Name an empty one, or the one that the repository is in.',
  },
  'not-quiesced': {
    means: "A VM couldn't be quiesced, so its point is crash-consistent (a warning).",
    wayOut: 'Check VMware Tools and the VSS writers in the guest; `quiesce: off` never tries.',
  },
  'not-the-newest': {
    means:
      "The point that was asked for can't be restored, and the one before it is older. Nothing was written.",
    wayOut: 'Restore the older one knowingly, as the hint shows.',
  },
  'object-refused': {
    means: "An object can't be read while a repository is verified.",
    wayOut: 'Allow reading it, and verify again.',
  },
  'older-format': {
    means: 'A repository is of a format that no released converge wrote, and this one reads a later one.',
    wayOut:
      'Restore from it with the converge that made it; replicate to an empty prefix or directory from now on.',
  },
  'orphan-removed': {
    means: 'A snapshot that an earlier cycle had left when it died was removed (a warning).',
    wayOut: 'Nothing has to be done.',
  },
  'point-missing': {
    means: "A repository's head names a point that isn't there.",
    wayOut: 'Run `converge verify` before another cycle writes to it.',
  },
  'program-needed': {
    means: 'A program that a command works through is not there.',
    wayOut: 'Install it; the hint names its package.',
  },
  'repository-vanished': {
    means:
      'The folder of a repository no longer holds it, though it did when the command began: a file system that was unmounted.',
    wayOut: 'Mount it again and run the command again: nothing was written in its place.',
  },
  'points-broken': {
    means: "Recovery points can't be restored, and no cycle can heal them (a warning).",
    wayOut:
      'Use another point; where the bucket keeps versions, an older one of a damaged object may be whole.',
  },
  'points-lost': {
    means: 'A repository had newer points of a VM than it has now.',
    wayOut: 'Bring the points back, or begin anew knowingly, as the hint says.',
  },
  'points-suspect': {
    means: 'Recovery points were made while change tracking left changes out (a warning).',
    wayOut: 'Restore a newer point, or one from before them.',
  },
  'quiesce-failed': {
    means: "A VM couldn't be quiesced, and its manifest asks for it.",
    wayOut: 'Check VMware Tools and the VSS writers in the guest, or declare `quiesce: prefer`.',
  },
  'repository-damaged': {
    means: '`verify` found a damaged object.',
    wayOut: 'An older version of the object may be whole, where the bucket keeps versions.',
  },
  'repository-healed': {
    means: 'A cycle has stored again what was damaged or missing in the repository (a warning).',
    wayOut: '`converge verify` proves it; find out what damaged the objects.',
  },
  'repository-inconsistent': {
    means: '`verify` found objects that contradict each other.',
    wayOut: "The points that the message names can't be restored as they are.",
  },
  'repository-missing': {
    means: '`verify` found that an object is missing.',
    wayOut: 'Bring it back from an older version, where the bucket keeps versions.',
  },
  'repository-new': {
    means: 'There is no repository yet, and the first cycle begins one (a warning).',
    wayOut: 'If there should be one, correct the URL or mount the file system first.',
  },
  'repository-not-found': {
    means: 'There is no repository at the URL.',
    wayOut: 'Check the URL; the first replication makes the repository.',
  },
  'repository-rolled-back': {
    means: '`verify` found an older state of a VM than was seen before.',
    wayOut: 'Bring the newer objects back from their versions.',
  },
  'repository-unexplained': {
    means: '`verify` found an object that nothing explains.',
    wayOut: 'Find out who wrote it; every point can still be restored.',
  },
  'repository-unreadable': {
    means: "`verify` couldn't read an object.",
    wayOut: 'Allow reading it, and verify again.',
  },
  'repository-url': {
    means: "A text isn't the URL of a repository.",
    wayOut: 'Write s3://BUCKET/PREFIX or file:///FOLDER.',
  },
  'restore-locked': {
    means: 'Another restore writes to the same directory.',
    wayOut: 'Wait for it to end, or name another directory.',
  },
  'restore-unfinished': {
    means: 'A restore ended before it was whole, and what it wrote is still there.',
    wayOut: 'Restore the same point to the same directory to go on, or remove the files.',
  },
  'rpo-too-short': {
    means: '`rpo` is shorter than the schedule and its windows can keep.',
    wayOut: 'Leave it out, shorten the schedule, or let windows open more often.',
  },
  'not-zeros': {
    means: 'What a disk is read through said that an area is zeros, and a sample of it was not.',
    wayOut: 'Nothing is lost, the whole disk was read; bring nbdkit and the VDDK up to date.',
  },
  'same-key': {
    means: "The key that is to take another's place is that key.",
    wayOut: 'Make a new one with `converge key create`.',
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
  'snapshot-removal-failed': {
    means: "The snapshot of a cycle couldn't be removed.",
    wayOut: 'The next cycle tries again.',
  },
  'snapshot-old': {
    means: "A VM has had somebody's snapshot for days, and every write makes it larger (a warning).",
    wayOut: 'Remove it in vSphere unless somebody still needs it.',
  },
  'snapshot-removed': {
    means: 'Somebody else removed the snapshot of a cycle before the cycle did (a warning).',
    wayOut: "The point is whole; let no other job remove snapshots that it didn't make.",
  },
  'store-locked': {
    means: "Another process holds a lock in the repository's folder.",
    wayOut: 'Run again when it has ended.',
  },
  'store-unsuitable': {
    means: "A store's conditional writes don't work, so it can't keep two cycles apart.",
    wayOut: 'Update the server or the proxy before it, or use another store.',
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
  'volume-unreadable': {
    means: "What a volume of a recovery point holds, or one of its files, can't be read by converge itself.",
    wayOut: 'Serve the disk with `converge export VM --nbd SOCKET`, and read it with other programs.',
  },
  'vm-not-in-repository': {
    means: 'A repository holds no recovery point of the VM.',
    wayOut: 'Correct the name; `converge points` lists what is there.',
  },
  'vm-is-template': {
    means: 'A template is to be protected, and vSphere makes no snapshot of one.',
    wayOut: 'Convert it to a virtual machine, or remove its `protected_vm`.',
  },
  'wrong-key': {
    means: "The key that was given isn't the one that is needed.",
    wayOut: 'Give the right key.',
  },
  'socket-not-made': {
    means: "A local socket couldn't be listened on.",
    wayOut: 'Name another path.',
  },
  'snapshot-unclear': {
    means:
      'A snapshot of converge is left at a VM, and its repository is not known or cannot be opened here (a warning).',
    wayOut: 'Find its repository with `converge points`, or remove the snapshot as the hint says.',
  },
  'state-locked': {
    means: 'Another run was writing the same file of the state folder for too long.',
    wayOut: 'Run again.',
  },
} as const satisfies Meanings;
