import { failedWith } from '../../diagnostics/diagnostic.ts';
import { interrupted } from '../../engine/apply/outcome.ts';
import type { Window } from '../../engine/model/catalog.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type {
  BuiltInType,
  FieldChange,
  Id,
  Mistake,
  Outcome,
  Step,
} from '../../engine/model/resource-type.ts';
import { isTimezone, longestClosed } from '../../engine/model/window.ts';
import { span } from '../../io/units.ts';
import { lockPolicyOf } from '../../replication/model/object-lock.ts';
import { type Due, earliestDeadlineFirst } from '../../replication/movers/due-jobs.ts';
import { declareRetention, isSame } from '../../replication/retention/in-force.ts';
import { retentionOf } from '../../replication/retention/policy.ts';
import { longestBetween } from '../../schedule/due.ts';
import { longestGap, parseSchedule } from '../../schedule/schedule.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import {
  pointsCapability,
  repositoryClaims,
  repositoryMistakes,
  repositoryNeeds,
  repositoryRef,
} from '../shared/repository-property.ts';
import { describeCycle } from './describe-cycle.ts';
import { removeLeft } from './left-behind.ts';
import { type ListedProtection, listProtections, protectionToManifest } from './list-vms.ts';
import { observeProtection } from './observe-protection.ts';
import {
  type ProtectedVmProperties,
  type ProtectedVmState,
  rpoOf,
  schema,
  timetableOf,
  windowsIn,
} from './protection.ts';
import { move, type PreparedJob, prepareJob } from './replicate.ts';
import { vmSelector } from './select-vms.ts';

export const protectedVm: BuiltInType<typeof schema, ProtectedVmState, ListedProtection> = {
  name: 'protected_vm',
  doc: `A VM that is replicated into a repository. The title is its name or instance UUID.

A cycle is due when the newest complete recovery point is older than \`schedule\` allows, or when
the VM has other disks than that point: it makes a snapshot, stores what changed, and removes the snapshot. What
a cycle that died has left is removed by the next apply, whether a point is due or not. Where a repository or points
are gone that were there before, beginning anew has to be allowed. Where something in the repository is known to be
damaged, a cycle stores it again, due or not.
Changed-block tracking is switched on where it is off. Removing the resource ends the protection and leaves
all points where they are.

With \`select:\` it stands for every VM in a folder, with a tag or by a pattern of names; the title is then a name of
your own, and each VM is a resource \`protected_vm:TITLE/VM\`.`,
  version: 1,
  protects: true,
  // What prune goes by is a record of its own, which no cycle reads.
  apart: ['retention'],
  schema,
  runs: { on: 'remote', target: 'vsphere' },
  leased: true,
  // A cycle makes points, which raw images are made from.
  // Terabytes take days; what a cycle has begun, its snapshot first of all, takes minutes to tidy up.
  timeouts: { apply: 7 * 86_400_000, grace: 10 * 60_000 },
  realm: { name: 'replication', concurrency: 2, alsoDirties: ['raw_image', 'left-snapshots'] },
  canBeAbsent: false,
  shows: { instance_uuid: 'Tells the VM apart for good, whatever it is called.' },
  select: { ...vmSelector, claims: ({ repository }, where) => repositoryClaims(repository, where) },
  windows: windowsIn,
  check: (properties, _, { window }) => [
    ...repositoryMistakes(properties),
    ...lockMistakes(properties),
    ...timeMistakes(properties, window),
  ],
  // vSphere keeps the case of a VM's name; two declarations in other case are the same VM all the same.
  identity: (_, title) => title.toLowerCase(),
  provides: ({ repository }, id) => [pointsCapability(repository, id)],
  claims: ({ repository }, _, where) => repositoryClaims(repository, where),
  needs: ({ repository }) => repositoryNeeds(repository),
  desired: ({ retention }) => ({
    ...{ point: 'newest', rpo: 'kept', change_tracking: 'on' },
    ...(retention && { retention }),
  }),
  observe: (asked, io) => observeProtection(asked, io),
  list: listProtections,
  toManifest: protectionToManifest,
  diff: (is, should) => (is.suspended ? [] : differences(is, should)),
  async apply(steps, io) {
    const outcomes = new Map<Id, Outcome>();
    const jobs: (PreparedJob & { step: CycleStep })[] = [];
    for (const step of steps) {
      const outcome = await protect(step, () => prepare(step, io));
      if ('job' in outcome) jobs.push({ ...outcome, step });
      else outcomes.set(step.id, outcome);
    }
    for (const one of earliestDeadlineFirst(jobs)) {
      outcomes.set(one.step.id, await protect(one.step, () => moveOne(one, io)));
    }
    return outcomes;
  },
};

/** What is due of a VM that is replicated. */
const differences = (is: ProtectedVmState, should: Partial<ProtectedVmState>): FieldChange[] => [
  ...differs('/point', is.point, should.point),
  ...differs('/rpo', is.rpo, should.rpo),
  // What no cycle can change isn't a difference: the cycles say so themselves.
  ...(is.change_tracking === 'unavailable'
    ? []
    : differs('/change_tracking', is.change_tracking, should.change_tracking)),
  ...(is.left_snapshots.length === 0 ? [] : [{ path: leftSnapshots, before: is.left_snapshots, after: [] }]),
  ...(is.retention === undefined || !should.retention || isSame(is.retention, should.retention)
    ? []
    : [
        {
          ...{ path: retention, before: is.retention, after: should.retention },
          grade: (is.removes ?? 0) > 0 ? ('weakens' as const) : ('neutral' as const),
        },
      ]),
  ...(is.damage === 'none' ? [] : [{ path: '/damage', before: is.damage, after: 'healed' }]),
  // Beginning anew gives up what may yet be brought back: it has to be allowed.
  ...(is.history === 'kept'
    ? []
    : [{ path: history, before: is.history, after: 'begun anew', grade: 'weakens' as const }]),
];

const leftSnapshots = '/left_snapshots';
const history = '/history';
const retention = '/retention';

type CycleStep = Step<ProtectedVmProperties, ProtectedVmState>;

/** The job of a step, unless all there is to do is to remove what a cycle has left. */
async function prepare(
  { asked, signal, ...step }: CycleStep,
  io: WriteIo,
): Promise<PreparedJob | Extract<Outcome, { ok: true }>> {
  const fields = (step.kind === 'update' ? step.fields.map(({ path }) => path) : []).filter(
    path => path !== retention,
  );
  if (step.kind === 'update' && fields.length === 0) {
    await declare(asked, io, signal);
    return { ok: true, note: 'the next `converge prune` goes by it' };
  }
  if (fields.length > 0 && fields.every(path => path === leftSnapshots)) {
    const machine = await (await io.client('vsphere')).machine(asked.title);
    const removed = await removeLeft(machine, [repositoryRef(asked.properties.repository)], io, signal);
    return { ok: true, note: removed.length > 0 ? `removed ${removed.join(', ')}` : 'nothing was left' };
  }
  const now = io.clock.now();
  const due: Due =
    step.kind === 'update' && step.is.due ? step.is.due : { reason: 'repair', due: now, deadline: now };
  const first = { reason: 'first-point', due: now, deadline: now } as const;
  return prepareJob(asked, io, signal, {
    due: step.kind === 'create' ? first : due,
    anew: fields.includes(history),
  });
}

/** Writes down which retention is in force, for the plans to come. */
async function declare(
  { properties, title }: CycleStep['asked'],
  io: WriteIo,
  signal: AbortSignal,
): Promise<void> {
  if (!properties.retention) return;
  const repository = await (await io.client('repositories')).open(
    repositoryRef(properties.repository),
    'create',
  );
  const { uuid } = await (await (await io.client('vsphere')).machine(title)).inspect(signal);
  await io.step('retention');
  await declareRetention(repository!, uuid, properties.retention);
}

async function moveOne(job: PreparedJob & { step: CycleStep }, io: WriteIo): Promise<Outcome> {
  const result = await move(job, io);
  const { step } = job;
  const isNew =
    step.kind === 'create' || (step.kind === 'update' && step.fields.some(({ path }) => path === retention));
  if (isNew) await declare(step.asked, io, step.signal);
  return { ok: true, note: describeCycle(result), numbers: { points: 1, ...result.numbers } };
}

async function protect<T>(step: CycleStep, perform: () => Promise<T>): Promise<T | Outcome> {
  try {
    return await perform();
  } catch (error) {
    const leftBehind: boolean = failedWith(error, 'snapshot-left', 'vm-gone');
    // It was failed over since it was looked at: that nothing is made of it is how it has to be.
    if (failedWith(error, 'failed-over') && !leftBehind)
      return { ok: true, note: `skipped: ${error.diagnostics[0]!.message}` };
    if (step.signal.aborted && !leftBehind && !failedWith(error, 'commit-unknown')) {
      const diagnostic = interrupted('no point was made, and no snapshot is left behind');
      return { ok: false, diagnostic, retry: 'never', undone: true };
    }
    return { ok: false, diagnostic: oneDiagnostic(error), retry: 'asked', undone: !leftBehind };
  }
}

const differs = (path: string, before: string, after: string | undefined): FieldChange[] =>
  after === undefined || before === after ? [] : [{ path, before, after }];

/** What is locked for longer than any retention keeps it can't be removed when its time has come. */
function lockMistakes({ repository, retention: kept }: ProtectedVmProperties): Mistake[] {
  if (typeof repository !== 'object' || !repository.lock || !kept) return [];
  const longest = Math.max(...Object.values(retentionOf(kept)));
  if (lockPolicyOf(repository.lock).for <= longest) return [];
  return [
    mistake(
      '/repository/lock/for',
      'lock-outlasts-retention',
      `objects are locked for ${repository.lock.for}, and \`retention\` keeps no point that long: what it lets go could not be removed`,
      'lock for as long as the longest rule of `retention` at most',
    ),
  ];
}

function timeMistakes(properties: ProtectedVmProperties, window: Window | undefined): Mistake[] {
  const { rpo, schedule } = properties;
  const how = parseSchedule(schedule);
  if (how === undefined) return [];
  const limit = rpoOf(properties) ?? Number.POSITIVE_INFINITY;
  const tooShort = (why: string, instead: string) => [
    mistake(
      '/rpo',
      'rpo-too-short',
      `\`rpo: ${rpo}\` can't be kept ${why}`,
      `leave \`rpo\` out, or ${instead}`,
    ),
  ];
  if (limit < longestGap(how)) return tooShort(`with a point \`${schedule}\``, 'shorten the schedule');
  // A zone that there isn't is a mistake of its own.
  const zones = [properties.timezone, window?.timezone].filter(zone => zone !== undefined);
  if (!zones.every(isTimezone)) return [];
  const lists = window ? [[window]] : [];
  const between = longestBetween(timetableOf(properties, lists));
  if (between === Number.POSITIVE_INFINITY)
    return [
      mistake(
        '/windows',
        'windows-never-open',
        'no window of `windows` is ever open while `window` is: no point would be made',
        'let the two overlap, or leave one of them out',
      ),
    ];
  if (!(limit < between)) return [];
  const closed = Math.max(longestClosed(windowsIn(properties)), ...lists.map(longestClosed));
  return limit < closed
    ? tooShort(`while no window is open for ${span(closed)}`, 'let windows open more often')
    : tooShort(
        `with a point \`${schedule}\` in these windows: two points get ${span(between)} apart`,
        'shorten the schedule, or let windows open more often',
      );
}
