import type { Meanings } from './meaning.ts';

export const retention = {
  'retention-removes': {
    means: 'The retention that is declared removes more points than the one in force (a warning).',
    wayOut: '`converge prune --noop` tells which. `converge pin` keeps a point, `converge hold` all of a VM.',
  },
  'bad-price': {
    means: 'What `--price` says is not a price.',
    wayOut: 'Write dollars for a gigabyte and a month: `0.023`.',
  },
  'bad-retention': {
    means: 'What `--retention` says is not a policy.',
    wayOut: 'Write rules and durations: `all=24h,hourly=3d,daily=30d,monthly=1y`.',
  },
  'not-held': {
    means: 'The VM whose hold was to be released is not held (a warning).',
    wayOut: '`converge status` tells which VMs are held.',
  },
  'point-leaving': {
    means: 'The point that was asked for by its id is being removed (a warning).',
    wayOut: '`converge pin` keeps it; the next `converge prune` takes its mark back.',
  },
  'not-pinned': {
    means: 'The point whose pin was to be released is not pinned by hand (a warning).',
    wayOut: '`converge points` shows which points are pinned, and by what.',
  },
  'held-longer': {
    means: 'The VM is held for longer already, and a hold is not shortened by another (a warning).',
    wayOut: 'To end it sooner: `converge hold VM --release`, and hold it anew.',
  },
  'no-pruner': {
    means: 'Nothing says with which credentials `converge prune` may delete.',
    wayOut:
      'Name an aws target of its own, `repository: { url: ..., pruner: NAME }`, or prune with --repository where no mover works.',
  },
  'mover-can-delete': {
    means: 'The credentials of the cycles may delete in the repository, so that whoever steals them can.',
    wayOut:
      'Give the target of the cycles the rights in `policies/writer.json`, and those in `policies/pruner.json` to the pruner alone.',
  },
  'prune-due': {
    means: 'A repository holds points that no retention policy keeps any more (a note).',
    wayOut: 'Run `converge prune` where the credentials of the pruner are.',
  },
  'prune-doubt': {
    means: "What the points of a VM need can't be told for sure, so no object of it is removed (a warning).",
    wayOut:
      '`converge verify` tells what is wrong; once a cycle has healed it, the next `converge prune` goes on.',
  },
  'pack-not-compacted': {
    means:
      "A pack of which less than half is needed can't be read as it was written, so it isn't written anew (a warning).",
    wayOut: '`converge verify` tells what is wrong; the next cycle stores again what its source still has.',
  },
  'prune-locked': {
    means: 'The store refused to remove objects whose time had come (a warning).',
    wayOut: 'Give the pruner the rights in `policies/pruner.json`.',
  },
  'bucket-without-lock': {
    means: 'The manifest wants objects to be locked, and the bucket has no Object Lock.',
    wayOut:
      'Declare the bucket with `versioning: true` and `object_lock: true`, or leave `lock` of the repository out.',
  },
  'nothing-to-extend': {
    means: '`extender` is declared for a repository in which nothing is locked.',
    wayOut: 'Add `lock: { mode: governance, for: 30d }`, or leave `extender` out.',
  },
  'lock-without-bucket': {
    means: '`lock` is declared for a repository in a folder, which has no Object Lock.',
    wayOut: 'Leave `lock` out, or keep the points in a bucket with `object_lock: true`.',
  },
  'lock-span': {
    means: "Objects can't be locked for as long, or as short, as that.",
    wayOut: 'Write a day at least, and 100 years at most: `30d`.',
  },
  'lock-outlasts-retention': {
    means: 'Objects would be locked for longer than any rule of the retention keeps a point.',
    wayOut: 'Lock for as long as the longest rule of `retention` at most.',
  },
  'no-extender': {
    means: 'Nothing says with which credentials locks may be lengthened.',
    wayOut:
      'Name an aws target of its own, `repository: { url: ..., lock: ..., extender: NAME }`, or give --repository with --lock.',
  },
  'locks-raced': {
    means: 'Locks of the same VM are lengthened by another process.',
    wayOut: 'Run again when it has ended.',
  },
  'locks-end': {
    means: 'Locks of what recovery points need end before the time that the manifest promises (a warning).',
    wayOut:
      'Run `converge repository extend-locks` where the credentials of the extender are, best each day.',
  },
  'changes-jumped': {
    means:
      'The changes of a VM jumped, as they do when somebody encrypts it (a warning); its points are held.',
    wayOut:
      'Look at the VM. If all is well, `converge hold VM --release`; if not, restore an older point: none of them is removed.',
  },
  'prune-raced': {
    means: 'Another pruner is at work on the same VM.',
    wayOut: 'Run again when it has ended.',
  },
} as const satisfies Meanings;
