import type { Mutation } from './mutation.ts';

const prune = 'src/replication/prune/';
const tests = 'test/replication/prune/';
const twoSteps = [
  `${tests}prune-vm.test.ts`,
  'points go in two steps, then what they alone needed, and every point that is listed restores',
] as const;
const deadCycle = [
  `${tests}prune-vm.test.ts`,
  'a dead cycle: its packs go, those that the next one claims do not, and a mark is seen by a claimer',
] as const;

const holdsAgain = [
  `${tests}prune-vm.test.ts`,
  'a hold is asked for once more before points go, and before what they needed',
] as const;

const knowsPolicy = [
  `${tests}prune-vm.test.ts`,
  'what was applied last counts until something else is, and whoever does not know the policy leaves all marks',
] as const;

/** What keeps a pruner from what somebody needs. */
export const ofPruning: readonly Mutation[] = [
  {
    guard: 'what a record calls broken is kept as long as what is whole',
    file: 'src/replication/retention/decide.ts',
    from: 'new Set([...chosen(whole), ...chosen(dated)])',
    to: 'new Set(chosen(whole))',
    test: [
      `${tests}forged.test.ts`,
      'points that a record calls broken are kept as long as if they were whole',
    ],
  },
  {
    guard: 'a map is read whatever is known to be damaged',
    file: `${prune}survey.ts`,
    from: '{ section: () => false }',
    to: 'doubts',
    test: [
      `${tests}forged.test.ts`,
      'maps that a record calls damaged are read before anything of theirs goes',
    ],
  },
  {
    guard: 'pins are asked again before each batch of points',
    file: `${prune}remove-points.ts`,
    from: 'const going = batch.filter(({ id }) => !pins.has(id));',
    to: 'const going = batch;',
    test: [`${tests}prune-vm.test.ts`, 'pins are asked once more before points go'],
  },
  {
    guard: 'a mark has to be as old as a grace before a point goes',
    file: `${prune}remove-points.ts`,
    from: 'const due = waiting.filter(({ at }) => at <= now)',
    to: 'const due = waiting',
    test: twoSteps,
  },
  {
    guard: 'a mark counts where the record of the pruner names the point as well',
    file: `${prune}remove-points.ts`,
    from: 'const mark = before.has(point.id) ? marks.get(point.id) : undefined;',
    to: 'const mark = marks.get(point.id);',
    test: [`${tests}prune-vm.test.ts`, 'a mark that no pruner made dates nothing and hides nothing'],
  },
  {
    guard: 'a hold keeps all points of a VM',
    file: `${prune}prune-vm.ts`,
    from: 'policies, work.now, await isHeld(work)',
    to: 'policies, work.now, false',
    test: [`${tests}prune-vm.test.ts`, 'a pin, a hold or a longer policy takes a mark back'],
  },
  {
    guard: 'a hold is asked for again before each batch of points',
    file: `${prune}remove-points.ts`,
    from: 'if (await isHeld(work)) break;',
    to: '',
    test: holdsAgain,
  },
  {
    guard: 'of a VM that is held no object goes',
    file: `${prune}sweep-objects.ts`,
    from: 'if (await isHeld(work)) return { removed, left };',
    to: '',
    test: holdsAgain,
  },
  {
    guard: 'what was applied last keeps its points, whatever manifests say',
    file: `${prune}prune-vm.ts`,
    from: 'inForce: options.inForce',
    to: 'inForce: undefined',
    test: knowsPolicy,
  },
  {
    guard: 'whoever does not know the policy of a VM leaves marks as they are',
    file: `${prune}prune-vm.ts`,
    from: 'options.unruled ? leavePoints(work) : await removePoints',
    to: 'options.unruled && !leavePoints ? leavePoints(work) : await removePoints',
    test: knowsPolicy,
  },
  {
    guard: 'a run goes by the clock of the store',
    file: `${prune}prune-vm.ts`,
    from: 'now: (await records.stat())?.modified ?? now',
    to: 'now',
    test: twoSteps,
  },
  {
    guard: 'the lease is read before each batch of objects, and what it claims is spared',
    file: `${prune}sweep-objects.ts`,
    from: 'const claims = new Set((await lease())?.claims);',
    to: 'const claims = new Set(lease ? [] : []);',
    test: deadCycle,
  },
  {
    guard: 'whoever claims packs refers to none that is marked',
    file: 'src/replication/repository/pruning-store.ts',
    from: 'return packs.filter(({ id }) => !marked(names.pack(id).slice(names.folder.length)));',
    to: 'return packs;',
    test: deadCycle,
  },
  {
    guard: "nothing but points is removed where a point can't be read",
    file: `${prune}needed.ts`,
    from: 'if (!known.has(key.slice(context.names.folder.length)))',
    to: 'if (known.has(key))',
    test: [
      `${tests}prune-vm.test.ts`,
      'what cannot be told is removed by nobody: a point, a map or an index that cannot be read',
    ],
  },
  {
    guard: 'what the newest point leads to stays, though its head leads elsewhere',
    file: `${prune}needed.ts`,
    from: 'const inForce = [head?.root.segments ?? [], copy?.segments ?? []];',
    to: 'const inForce = [head?.root.segments ?? copy?.segments ?? []];',
    test: [`${tests}compact.test.ts`, 'what is needed of packs less than half needed is moved'],
  },
  {
    guard: 'packs are left while a cycle holds the lease or is to be gone on from',
    file: `${prune}compact.ts`,
    from: 'if (lease && (lease.unfinished || lease.expires > work.now))',
    to: 'if (!lease && bytes === 0)',
    test: [`${tests}compact.test.ts`, 'a cycle comes first'],
  },
  {
    guard: 'the head moves to what was rewritten from the very ETag that was read',
    file: `${prune}compact.ts`,
    from: '{ when: { ifMatch: etag } }',
    to: '{ when: { ifMatch: (await store.head(names.head))?.etag ?? etag } }',
    test: [`${tests}compact.test.ts`, 'the head moves from the very version that was read'],
  },
  {
    guard: 'another pruner ends compaction before the head moves',
    file: `${prune}compact.ts`,
    from: 'await work.save(work.record);',
    to: '',
    test: [`${tests}compact.test.ts`, 'another pruner that has begun meanwhile ends it'],
  },
  {
    guard: 'a block is opened and has its id before it is moved',
    file: `${prune}rewrite.ts`,
    from: 'sealer.openBlock(offset, found.bytes.subarray(offset - start, offset - start + length), MAX_BLOCK, id)',
    to: 'sealer && id && MAX_BLOCK && found.bytes.subarray(offset - start + 1, offset - start + length - 16)',
    test: [
      `${tests}compact.test.ts`,
      'an answer that is lost is read back, and a pack that is damaged stays',
    ],
  },
  {
    guard: 'a small pack of which all is needed is not written anew for ever',
    file: `${prune}sparse-packs.ts`,
    from: 'size - live.bytes - AROUND - ENTRY * live.blocks',
    to: 'size - live.bytes',
    test: [`${tests}compact.test.ts`, 'a small pack of which all is needed is not sparse'],
  },
  {
    guard: 'what is noted as damaged was read twice',
    file: 'src/replication/verify/folder.ts',
    from: 'seen = (await read()) ?? seen;',
    to: '',
    test: ['test/replication/heal/heal.test.ts', 'what one read altered and the next did not is not damage'],
  },
  {
    guard: 'what a bad line altered is read again',
    file: 'src/replication/repository/read/read-again.ts',
    from: 'return read();\n  }\n}',
    to: 'throw error;\n  }\n}',
    test: [
      'test/replication/repository/read-again.test.ts',
      'A9: what a bad line altered once is read again: /head$',
    ],
  },
  {
    guard: 'claimed packs that a cycle refers to are there when the head moves',
    file: 'src/replication/repository/write/writer.ts',
    from: 'await parts.claimed.demandTaken();',
    to: '',
    test: [
      'test/replication/cycle/resume.test.ts',
      'A7: a claimed pack that goes before the head moves makes no point',
    ],
  },
  {
    guard: 'nothing is written into the empty folder of a file system that was unmounted',
    file: 'src/replication/stores/staying.ts',
    from: 'if (known && !(await isThere()))',
    to: 'if (known && !isThere)',
    test: ['test/replication/stores/file.test.ts', 'a file system that is unmounted in a cycle ends it'],
  },
];
