import type { Meanings } from './meaning.ts';

export const manifest = {
  'alias-bomb': {
    means: 'The aliases of a YAML file stand for more values than are read.',
    wayOut: 'Write the values out, or use fewer aliases.',
  },
  'alias-cycle': {
    means: 'A YAML alias is inside the value that it stands for.',
    wayOut: 'Write the value out.',
  },
  'ambiguous-target': {
    means: "There are several targets of a kind, and it isn't said which one is meant.",
    wayOut: 'Name one with `target:` or `--target`.',
  },
  'bad-expression': {
    means: "An expression in `${...}` can't be read or evaluated, or isn't allowed in that place.",
    wayOut: 'Follow the hint; docs/language.md lists what an expression may hold.',
  },
  'bad-setting': {
    means: '`--set` was given something other than a name and a value.',
    wayOut: 'Write `--set NAME=VALUE`.',
  },
  'bad-type': {
    means: "The file of a resource type can't be read, or what it exports isn't a resource type.",
    wayOut: 'Correct the file; docs/writing-a-type.md says what a type is made of.',
  },
  'binary-file': { means: "A manifest isn't text in UTF-8.", wayOut: 'Save it as UTF-8.' },
  'control-character': {
    means: 'A name or a value holds a control character.',
    wayOut: 'Remove it, or quote and escape it if it is meant.',
  },
  cycle: {
    means: 'Resources wait for each other in a circle.',
    wayOut: 'Remove one of the edges that the message lists.',
  },
  'data-shape': {
    means:
      "A value has one shape in one data layer and another shape in the next, or isn't what the layer needs.",
    wayOut: 'Give it the same shape in every layer, or remove it with null in one between.',
  },
  'declared-twice': {
    means: 'Two declarations have the same address.',
    wayOut: 'Merge the two, or remove one.',
  },
  'duplicate-key': { means: 'A key appears twice in one map.', wayOut: 'Merge the two, or remove one.' },
  'empty-folder': {
    means: 'A folder that was named holds no manifest.',
    wayOut: 'Name another folder; a manifest ends in .yaml or .yml.',
  },
  'empty-manifest': {
    means: 'A manifest or module file is empty.',
    wayOut: "Write a manifest into it, or don't name it.",
  },
  'folder-not-used': {
    means:
      "A folder such as `data` or `modules` belongs to manifests below the folder that was named, so it isn't used.",
    wayOut: 'Name its parent folder to use it.',
  },
  'left-out': {
    means: 'A resource refers to another that its `when` leaves out.',
    wayOut: 'Give both the same `when`.',
  },
  'literal-secret': {
    means: 'A secret is in the manifest itself.',
    wayOut: "Write a reference: `${secret('env:NAME')}` or `${secret('file:PATH')}`.",
  },
  'missing-property': { means: "A property that the type needs isn't given.", wayOut: 'Add it.' },
  'module-name': {
    means: 'A module is named like a resource type.',
    wayOut: 'Give its folder another name.',
  },
  'module-recursion': {
    means: 'A module uses itself, directly or through others.',
    wayOut: 'Break the circle.',
  },
  'module-title': { means: "The title of a module's use holds a `/`.", wayOut: 'Choose a title without it.' },
  'needs-absent': {
    means: 'A resource needs another one that is declared absent.',
    wayOut: 'Declare both present, or both absent.',
  },
  'never-absent': {
    means: '`ensure: absent` is declared of a type that is never removed.',
    wayOut: "Remove it; a resource that isn't declared is left alone.",
  },
  'newer-language': {
    means: 'The file is written in a newer language version than this converge reads.',
    wayOut: 'Install a converge that reads that version.',
  },
  'no-environment': {
    means: 'There is no data file for the environment that `--env` names, or no environment was found.',
    wayOut: 'Correct the name, or add the file.',
  },
  'no-manifest': { means: 'No manifest was given.', wayOut: 'Name a manifest file or a folder of them.' },
  'no-map': {
    means: "The top of a YAML file isn't a map.",
    wayOut: 'Write keys and values, as docs/language.md shows.',
  },
  'no-protect': {
    means: '`protect` is declared of a type that is never deleted.',
    wayOut: 'Remove `protect: true`.',
  },
  'no-refresh': {
    means: "A notification goes to a type that can't be refreshed.",
    wayOut: 'Use `before` or `require` for order alone.',
  },
  'no-regular-file': {
    means: "What was named as a manifest is a pipe, a device or something else that isn't a plain file.",
    wayOut: 'Save the manifest as a file.',
  },
  'no-such-file': { means: "A file or folder that was named isn't there.", wayOut: 'Correct the path.' },
  'no-target': {
    means: "A resource needs a target of a kind that isn't declared.",
    wayOut: 'Declare one under `targets:`.',
  },
  'no-version': {
    means: "A file doesn't say its language version.",
    wayOut: 'Start it with the `converge:` line that the hint shows.',
  },
  'not-supported': { means: "A key is reserved and isn't supported by this version.", wayOut: 'Remove it.' },
  'parameter-name': {
    means: "A module's parameter has a name that can't be used.",
    wayOut: "Use letters, digits and `_`, and none of the engine's own names.",
  },
  'same-claim': {
    means: 'Two resources, or one twice, want something that only one can have.',
    wayOut: 'Change or remove one of them.',
  },
  'not-alike': {
    means: 'Resources that share something say different things of it, as two keys of one repository.',
    wayOut: 'Write the same in all of them.',
  },
  'same-object': {
    means: 'Two resources stand for one real object.',
    wayOut: 'Merge the two, or remove one.',
  },
  'secret-not-allowed': {
    means: 'A secret is where others would see it.',
    wayOut: 'Use it in a property that takes a secret; `converge explain --type` lists them.',
  },
  'self-reference': { means: 'A resource refers to itself.', wayOut: 'Remove the reference.' },
  'several-documents': {
    means: 'A file holds more than one YAML document.',
    wayOut: 'Remove the `---`, or make it two files.',
  },
  'source-not-found': {
    means: "The file that a resource takes its content from isn't there.",
    wayOut: "Correct the path: a source is relative to its manifest's file.",
  },
  tag: {
    means: 'A plain YAML value starts with `!`, which makes it a tag; converge uses none.',
    wayOut: 'Quote the value.',
  },
  'too-deep': { means: 'Values are nested deeper than is read.', wayOut: 'Make the structure flatter.' },
  'too-large': {
    means: 'A manifest is larger than 8 MiB.',
    wayOut: 'Split it: a run takes any number of files.',
  },
  'too-many': {
    means: 'The manifests declare more resources than a run takes.',
    wayOut: 'Split them over several runs.',
  },
  'type-name': {
    means: 'A resource type is named like another one.',
    wayOut: 'Give the file, and the type in it, another name.',
  },
  'unknown-alias': {
    means: 'A plain YAML value starts with `*`, and there is no anchor of that name.',
    wayOut: 'Quote the value, or declare the anchor.',
  },
  'unknown-key': {
    means: "A manifest or a module holds a key that it can't have.",
    wayOut: 'Correct the spelling, or remove it.',
  },
  'unknown-property': {
    means: "A property isn't one that the type, or the resource that was named, has.",
    wayOut: 'Correct the spelling; `converge explain --type TYPE` lists the properties.',
  },
  'unknown-reference': {
    means: "A resource names one that isn't declared.",
    wayOut: 'Correct the address, or declare it.',
  },
  'unknown-target': {
    means: "A target that isn't declared is named.",
    wayOut: 'Correct the name, or declare it under `targets:`.',
  },
  'unknown-target-type': { means: "A target is of a kind that doesn't exist.", wayOut: 'Correct its type.' },
  'unknown-type': {
    means: "A resource is of a type that doesn't exist.",
    wayOut: 'Correct the name; `converge explain --type TYPE` knows the types.',
  },
  'unreadable-file': {
    means: "A manifest can't be read.",
    wayOut: 'Look at its permissions and those of its folder.',
  },
  'wrong-kind': {
    means: 'A value is of another kind than expected: a list for a map, a text for a number.',
    wayOut: 'Write it in the form that the message expects.',
  },
  'wrong-os': {
    means: 'The manifest, or the command, is for another operating system than this one.',
    wayOut: 'Run it there, or with `--lab`.',
  },
  'wrong-platform': {
    means: "A resource's type doesn't exist on this operating system.",
    wayOut: 'Leave it out here with `when`, or run it on the right one.',
  },
  'wrong-target': {
    means: "A resource names a target that its type can't live on.",
    wayOut: 'Remove `target`, or name one of the right kind.',
  },
  'wrong-value': {
    means: "A value isn't one of those that are allowed.",
    wayOut: 'Write one that the message names.',
  },
  'wrong-version': {
    means: "The manifest requires another version of converge, or its version isn't written as a number.",
    wayOut: 'Install the version that is asked for, or correct the line.',
  },
  yaml: {
    means: "The file isn't valid YAML.",
    wayOut: 'Follow the hint: most often a value needs quotes or a line another indentation.',
  },
} as const satisfies Meanings;
