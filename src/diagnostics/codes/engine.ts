import type { Meanings } from './meaning.ts';

export const engine = {
  'changed-meanwhile': {
    means: 'Somebody else has changed an object since the change to it was planned; it is left as it is.',
    wayOut: 'Run again: the new plan shows what differs now.',
  },
  'dependency-dropped': {
    means: 'What was selected depends on resources that were not selected (a warning).',
    wayOut: 'Select them as well, unless they are known to be right.',
  },
  'given-up': {
    means: "A call didn't stop when it was told to, so what it did, and may still do, is unknown.",
    wayOut: 'Look at the object, then run again.',
  },
  held: {
    means: "A resource would change in a way that the plan didn't say.",
    wayOut: 'Plan again, and apply that plan.',
  },
  immutable: {
    means: "A property was changed that can't be changed while the object exists.",
    wayOut: 'Put the old value back, or replace the object as the hint says.',
  },
  interrupted: {
    means: 'The run was interrupted before the step, or while it went on.',
    wayOut: 'Run again.',
  },
  locked: { means: 'Another run holds the lock.', wayOut: 'Wait for it, or give `--lock-timeout`.' },
  'memory-locked': {
    means: 'Another run is writing the same file of the state folder.',
    wayOut: 'Run again when it has ended.',
  },
  'named-not-there': {
    means: "A resource names an object that still isn't there when its turn comes.",
    wayOut: 'Declare what makes it, or correct the name.',
  },
  'nearly-declared': {
    means: "A resource names an object that isn't declared, though one of nearly that name is (a warning).",
    wayOut: 'Correct the spelling if the declared one is meant.',
  },
  'no-longer-selected': {
    means: "An object that a selection found before isn't found any more (a warning). Nothing is deleted.",
    wayOut: 'Declare the object by itself to go on looking after it.',
  },
  'not-convergent': {
    means: 'After it was applied, a resource would change again.',
    wayOut: 'Make what is declared and what is then observed agree; `converge plan` shows the difference.',
  },
  'not-found': { means: "What was to be adopted or listed isn't there.", wayOut: 'Correct the name.' },
  'not-observable': {
    means: "A resource can't be observed, since something that it needs isn't there and nothing brings it.",
    wayOut: 'Declare what brings it, or correct its name.',
  },
  'not-observed': {
    means: "A recording doesn't hold what the plan needs to know.",
    wayOut: 'Observe again, with the same manifests.',
  },
  'not-proved': {
    means: "What was changed wasn't looked at again, since another run holds the host by now.",
    wayOut: 'Plan again when that run is over.',
  },
  'nothing-allowed': {
    means: "`--allow` names a resource that isn't in the plan.",
    wayOut: 'Give one address, `type:title`, as the plan shows it.',
  },
  'nothing-selected': {
    means: 'A selector fits none of the declared resources.',
    wayOut: 'Give a type, an address, a glob of addresses or `label:NAME`.',
  },
  'observed-otherwise': {
    means: 'A resource was written differently when the recording was made (a warning).',
    wayOut: 'Observe again to be sure.',
  },
  'observed-version': {
    means: 'The recording is of another format version than this converge reads.',
    wayOut: 'Observe again with this converge.',
  },
  'other-digest': {
    means: "The plan that was made now isn't the one that was approved.",
    wayOut: 'Compare the two with `converge diff`, and have the new plan approved.',
  },
  'other-platform': {
    means: 'The plan was made on another operating system.',
    wayOut: 'Plan again on the host that it is for.',
  },
  'other-world': {
    means: 'The plan was made for the lab and is applied without it, or the other way round.',
    wayOut: 'Add or leave out `--lab`, or plan again.',
  },
  'outside-folder': {
    means: 'A path leads out of the folder that the run is confined to.',
    wayOut: 'Use a path without `..` and without symbolic links.',
  },
  'over-budget': {
    means: 'The plan has more changes of a kind than `policy:` allows; nothing of it is done.',
    wayOut: 'Apply it in parts with `--only`, or raise the limit in the manifest.',
  },
  'plan-damaged': {
    means: 'A plan file is damaged or was edited.',
    wayOut: "Plan again; a plan file isn't edited by hand.",
  },
  'plan-version': {
    means: 'A plan file is of another format version than this converge reads.',
    wayOut: 'Plan again with this converge.',
  },
  protected: {
    means: 'A resource that `protect` or its type guards would be deleted.',
    wayOut: 'Name it with `--allow` if that is meant.',
  },
  'protects-less': {
    means: 'A change makes protection weaker (a warning).',
    wayOut: "Undo the change if that isn't meant.",
  },
  'refresh-lost': {
    means: "A refresh is owed to a resource that isn't declared any more (a warning).",
    wayOut: 'If it has another name now, refresh it by hand; if other manifests declare it, apply those.',
  },
  'selects-nothing': {
    means: 'A selection fits no object (a warning).',
    wayOut: 'Correct the selection, or wait until something fits.',
  },
  'selects-unknown': {
    means: "A selection names something that isn't there (a warning).",
    wayOut: 'Correct the name.',
  },
  'stale-plan': {
    means: 'The world has changed since the plan was made.',
    wayOut: 'Plan again, and apply that plan.',
  },
  'state-damaged': {
    means:
      'A file of the state folder is damaged; it is taken as empty, which costs extra work and is never wrong.',
    wayOut: 'Nothing has to be done; the next run that writes sets it aside.',
  },
  'state-not-safe': {
    means: 'A file of state belongs to, or can be changed by, somebody else.',
    wayOut: 'Give it to root or to the user who runs converge, as the hint says.',
  },
  'state-version': {
    means: 'The state folder was written by a newer converge.',
    wayOut: 'Use that converge, or another folder with `--state`.',
  },
  'still-unknown': {
    means: "A resource still can't be observed when its turn comes.",
    wayOut: 'Declare what brings what it waits for, or correct its name.',
  },
  'target-moved': { means: 'A target leads elsewhere than when the plan was made.', wayOut: 'Plan again.' },
  'timed-out': {
    means: 'A call took longer than its limit.',
    wayOut: 'Look at what it waits for, or give it more time with `timeout:`.',
  },
  'type-bug': {
    means: 'A resource type did something that no type may do: a mistake in the type, not in the manifest.',
    wayOut: 'Correct the type if it is your own, otherwise report it with the output of `--debug`.',
  },
  'type-moved': {
    means: 'A type has changed since the plan or the recording was made.',
    wayOut: 'Plan or observe again.',
  },
  'waited-too-long': {
    means: "Something didn't come about within the time that it was given.",
    wayOut: 'Look at what holds it up, then run again.',
  },
  'weakens-protection': {
    means: "A change would weaken protection, so it isn't made.",
    wayOut: 'Name it with `--allow` if that is meant.',
  },
  'state-locked': {
    means: 'Another run was writing the same file of the state folder for too long.',
    wayOut: 'Run again.',
  },
} as const satisfies Meanings;
