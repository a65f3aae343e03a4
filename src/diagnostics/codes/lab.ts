import type { Meanings } from './meaning.ts';

export const lab = {
  'bad-bucket': {
    means: "A name can't be that of a bucket.",
    wayOut: 'Use 3 to 63 lower-case letters, digits and hyphens.',
  },
  'bad-host': { means: "A name can't be that of a host.", wayOut: 'Write it as in a URL.' },
  'bad-index': { means: "A text isn't the index of a disk.", wayOut: 'Write a number; disks count from 0.' },
  'bad-instance-id': {
    means: "A text isn't the id of an instance.",
    wayOut: 'Write `i-` and 17 hex digits.',
  },
  'bad-policy': {
    means: "A file isn't an IAM policy that the lab can enforce.",
    wayOut: '`converge instance-policy` prints one that can be.',
  },
  'beyond-the-volume': {
    means: 'More was to be written than an EBS volume of the lab holds from there on.',
    wayOut: 'Write less, or nearer to its beginning.',
  },
  'disk-has-snapshots': {
    means: "A disk can't be removed or grow while its VM has snapshots.",
    wayOut: 'Remove the snapshots first.',
  },
  'disk-missing': { means: 'A folder of the lab holds no disk.', wayOut: 'Name the folder of a disk.' },
  'disk-not-found': {
    means: 'A VM of the lab has no disk of that index.',
    wayOut: 'Give an index that it has.',
  },
  'disk-shrinks': {
    means: "A disk can't become smaller.",
    wayOut: 'Give a size that is not below the present one.',
  },
  'disk-size': { means: "A size isn't a whole number of sectors.", wayOut: 'Give a multiple of 512 bytes.' },
  'fault-kind': { means: 'The lab has no fault of that kind.', wayOut: 'Use one that the hint names.' },
  'fault-rule': {
    means: "A fault lacks a value that it needs, or has one that it can't have.",
    wayOut: 'Give it with `--set`.',
  },
  'image-changed': {
    means: 'An image became shorter while it was read.',
    wayOut: 'Let nothing write to it, and run again.',
  },
  'image-kind': { means: "An image isn't a regular file.", wayOut: 'Name a file.' },
  'image-missing': { means: "An image can't be opened.", wayOut: 'Correct the path.' },
  'lab-broke': {
    means: 'The lab failed.',
    wayOut: 'The message says why; report it with the output of `--debug`.',
  },
  'lab-command': {
    means: "The lab doesn't know a command.",
    wayOut: 'Use the same version of converge on both sides.',
  },
  'lab-damaged': { means: "The lab's folder can't be read.", wayOut: 'Remove it to start a new lab.' },
  'lab-folder': {
    means: "The folder that `--lab` took isn't a lab.",
    wayOut: 'Write paths before `--lab`, or give an empty folder.',
  },
  'lab-gone': { means: 'The process that served the lab has ended.', wayOut: 'Run the command again.' },
  'lab-in-use': {
    means: 'The lab is in use by another process.',
    wayOut: 'Wait for it, or serve the lab once with `converge lab serve`.',
  },
  'lab-secret': {
    means: "A secret can't be stored in the lab.",
    wayOut: 'Correct its name or its size, as the hint says.',
  },
  'lab-served': { means: 'The lab is served already.', wayOut: 'Use it: give `--lab` to any command.' },
  'never-started': { means: 'No instance ever ran with a volume.', wayOut: 'Start one with it first.' },
  'no-lab': { means: 'There is no lab in the folder.', wayOut: 'Make one with `converge lab`.' },
  'no-qemu': {
    means: "QEMU isn't installed, so the lab can't boot a machine.",
    wayOut: 'Install it, as the hint says.',
  },
  'no-such-folder': { means: "What was named isn't a folder.", wayOut: 'Name a folder.' },
  'no-such-instance': {
    means: 'The lab has no instance of that id.',
    wayOut: '`converge lab show` lists them.',
  },
  'no-such-volume': { means: 'The lab has no volume of that id.', wayOut: '`converge lab show` lists them.' },
  'not-running': {
    means: "An instance of the lab isn't running.",
    wayOut: '`converge lab show` lists the instances.',
  },
  'snapshot-not-found': {
    means: 'A VM of the lab has no snapshot of that name.',
    wayOut: 'Correct the name.',
  },
  'too-many-disks': {
    means: 'A VM of the lab has all the disks that it can have.',
    wayOut: 'Remove one first.',
  },
  'vm-exists': { means: 'The lab has a VM of that name.', wayOut: 'Choose another name, or give `--force`.' },
  'vm-name': { means: 'A VM of the lab needs a name.', wayOut: 'Give it one.' },
  'vm-uuid': { means: "A UUID isn't one, or belongs to another VM of the lab.", wayOut: 'Give another.' },
} as const satisfies Meanings;
