import type { Meanings } from './meaning.ts';

export const restore = {
  'ambiguous-point': {
    means: 'Several recovery points begin with the id that was given.',
    wayOut: 'Give more digits of it.',
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
  'export-failed': {
    means: "A disk of a recovery point couldn't be served, or written as an image.",
    wayOut: 'The message says why; run again.',
  },
  'file-gone': {
    means: 'Somebody else changed or removed a file while it was written.',
    wayOut: 'Run again, and let nothing else write to it.',
  },
  'half-named': {
    means: "Some files of a restore have their names already, others don't.",
    wayOut: 'Mend the cause and restore again with `--force`.',
  },
  'image-locked': { means: 'A raw image is being updated by another run.', wayOut: 'Wait for it to end.' },
  'image-newer': {
    means: 'A raw image was made from a newer recovery point than the repository has now.',
    wayOut: 'Find out where the newer points went; `--allow` makes the image an older one all the same.',
  },
  'image-smaller': {
    means: 'A raw image or a disk image is smaller than its disk, or larger than the disk may become.',
    wayOut: 'A disk never shrinks: give a file of the right size.',
  },
  'image-touched': {
    means: 'Somebody else changed or removed a raw image while it was updated.',
    wayOut: 'Let nothing write to it; the next run compares all of it and mends it.',
  },
  'no-file-in-point': {
    means: 'A recovery point has no such file.',
    wayOut: 'Correct the path; without its last word, the folder is listed.',
  },
  'no-such-disk': {
    means: "A recovery point doesn't hold the disk.",
    wayOut: 'Give the index of one that it holds.',
  },
  'no-such-point': {
    means: 'A VM has no recovery point of that id or age.',
    wayOut: '`converge points` lists them.',
  },
  'no-volume-in-point': {
    means: 'A recovery point has no such disk or partition.',
    wayOut: 'Name one of those that the message lists.',
  },
  'not-a-file': {
    means: "A raw image would be written over something that isn't a plain file.",
    wayOut: 'Remove it, or name another path.',
  },
  'not-the-newest': {
    means:
      "The point that was asked for can't be restored, and the one before it is older. Nothing was written.",
    wayOut: 'Restore the older one knowingly, as the hint shows.',
  },
  'not-zeros': {
    means: 'What a disk is read through said that an area is zeros, and a sample of it was not.',
    wayOut: 'Nothing is lost, the whole disk was read; bring nbdkit and the VDDK up to date.',
  },
  'in-use-unknown': {
    means:
      'Neither nbdkit nor change tracking could say which areas of a disk are in use: all of it was read.',
    wayOut: 'Nothing is lost; the message has the reason.',
  },
  'program-needed': {
    means: 'A program that a command works through is not there.',
    wayOut: 'Install it; the hint names its package.',
  },
  'restore-locked': {
    means: 'Another restore writes to the same directory.',
    wayOut: 'Wait for it to end, or name another directory.',
  },
  'restore-unfinished': {
    means: 'A restore ended before it was whole, and what it wrote is still there.',
    wayOut: 'Restore the same point to the same directory to go on, or remove the files.',
  },
  'socket-not-made': {
    means: "A local socket couldn't be listened on.",
    wayOut: 'Name another path.',
  },
  'volume-unreadable': {
    means: "What a volume of a recovery point holds, or one of its files, can't be read by converge itself.",
    wayOut: 'Serve the disk with `converge export VM --nbd SOCKET`, and read it with other programs.',
  },
} as const satisfies Meanings;
