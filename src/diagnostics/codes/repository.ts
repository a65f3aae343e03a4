import type { Meanings } from './meaning.ts';

export const repository = {
  'bad-key': {
    means: "A text isn't a key, or a name before a colon is missing.",
    wayOut:
      'For a key: make one with `converge key create`. For YAML: quote names that start with `*`, `&` or `?`.',
  },
  'bad-object-name': {
    means: "A name can't be that of an object in a repository.",
    wayOut: 'Report it: names are made by converge itself.',
  },
  'configuration-missing': {
    means: "A repository's configuration is gone while its points are there.",
    wayOut: 'Bring it back from an older version of the bucket or from a copy.',
  },
  'configuration-moved': {
    means: 'The keys of a repository were changed by somebody else at the same time.',
    wayOut: 'Run again: it goes on from what is there.',
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
  'records-rewritten': {
    means:
      'What a repository says about all its VMs (holds, pins, pauses, retention) was damaged, and was written anew from what can be read (a warning).',
    wayOut: 'The message says what is kept in doubt, and how that is ended.',
  },
  'head-rolled-back': {
    means: "A repository's head names an older point than the newest.",
    wayOut: 'Somebody put an older head back: remove it.',
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
  'no-point': {
    means: 'A repository holds no point of the VM that an image is to be made of.',
    wayOut: "Declare the VM's `protected_vm`, or correct the name.",
  },
  'no-points': {
    means: 'A VM has no complete recovery point in the repository.',
    wayOut: "Replicate it; `converge verify` tells why others aren't whole.",
  },
  'not-a-repository': {
    means: 'A folder or prefix holds something other than a repository.',
    wayOut: 'Name an empty one, or the one that the repository is in.',
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
  'point-missing': {
    means: "A repository's head names a point that isn't there.",
    wayOut: 'Run `converge verify` before another cycle writes to it.',
  },
  'points-broken': {
    means: "Recovery points can't be restored, and no cycle can heal them (a warning).",
    wayOut:
      'Use another point; where the bucket keeps versions, an older one of a damaged object may be whole.',
  },
  'points-lost': {
    means: 'A repository had newer points of a VM than it has now, or is not there any more itself.',
    wayOut: 'Bring the points back, or begin anew knowingly, as the hint says.',
  },
  'points-suspect': {
    means: 'Recovery points were made while change tracking left changes out (a warning).',
    wayOut: 'Restore a newer point, or one from before them.',
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
  'repository-vanished': {
    means:
      'The folder of a repository no longer holds it, though it did when the command began: a file system that was unmounted.',
    wayOut: 'Mount it again and run the command again: nothing was written in its place.',
  },
  'same-key': {
    means: "The key that is to take another's place is that key.",
    wayOut: 'Make a new one with `converge key create`.',
  },
  'store-locked': {
    means: "Another process holds a lock in the repository's folder.",
    wayOut: 'Run again when it has ended.',
  },
  'store-unsuitable': {
    means: "A store's conditional writes don't work, so it can't keep two cycles apart.",
    wayOut: 'Update the server or the proxy before it, or use another store.',
  },
  'vm-not-in-repository': {
    means: 'A repository holds no recovery point of the VM.',
    wayOut: 'Correct the name; `converge points` lists what is there.',
  },
  'wrong-key': {
    means: "The key that was given isn't the one that is needed.",
    wayOut: 'Give the right key.',
  },
} as const satisfies Meanings;
