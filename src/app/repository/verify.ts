import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, type Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { plural } from '../../io/units.ts';
import type { Level } from '../../replication/model/check-memory.ts';
import { lockPolicyOf } from '../../replication/model/object-lock.ts';
import type { Sample } from '../../replication/verify/choose.ts';
import type { Mended, Problem, VerifyReport } from '../../replication/verify/verify.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { planOf } from './extend-locks.ts';
import { type OpenedRepository, vmNamed, withRepositoryOpen } from './with-repository.ts';

export interface Verified {
  report: VerifyReport;
  /** One per problem of the report. */
  diagnostics: Diagnostic[];
}

const codes = {
  missing: 'repository-missing',
  damaged: 'repository-damaged',
  unreadable: 'repository-unreadable',
  inconsistent: 'repository-inconsistent',
  'rolled-back': 'repository-rolled-back',
  unexplained: 'repository-unexplained',
} as const satisfies Record<VerifyReport['problems'][number]['kind'], Code>;

/**
 * Checks what the recovery points need, of one VM or of all, as deep as the level says: every byte where none
 * is given. Undefined when the manifests have mistakes, which were told.
 */
export async function verify(
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions & { level?: Level; sample?: Sample },
): Promise<Verified | undefined> {
  const { verify: check } = await import('../../replication/verify/verify.ts');
  const ends: Diagnostic[] = [];
  const report = await withRepositoryOpen(context, options, vm, async opened => {
    const { repository, known, saw, clock } = opened;
    const made = await check(repository, {
      ...(vm !== undefined && { vm: (await vmNamed(repository, vm)).uuid }),
      ...(options.level && { level: options.level }),
      ...(options.sample && { sample: options.sample }),
      note: { at: clock.now() },
      seen: known?.generations ?? {},
      signal: context.io.interrupt,
    });
    if (options.level !== 'chain')
      ends.push(...(await locksThatEnd(context, opened, made, (options.level ?? 'full') === 'full')));
    await saw(Object.fromEntries(made.points.map(one => [one.vm.uuid, one.generation])));
    return made;
  });
  if (!report) return undefined;
  const diagnostics = report.problems.map(problem =>
    world(codes[problem.kind], problem.message, { hint: wayOut(problem, report) }),
  );
  return { report, diagnostics: [...diagnostics, ...report.unnoted.map(notNoted), ...ends] };
}

/** Of each problem what it costs, and who puts it in order. */
function wayOut({ kind, breaks, mended, hint }: Problem, { points }: VerifyReport): string {
  if (points.length === 0)
    return 'there is no point left to restore: bring back what is gone from an older version of the bucket or a copy';
  if (mended === 'rebuild')
    return 'every point can still be restored; `converge repair VM PATHS --rebuild-head` makes the head from the newest one';
  if (breaks.length === 0)
    return kind === 'rolled-back'
      ? 'the points that are left can be restored; whatever is newer has to come from an older version of the bucket or a copy'
      : hint === undefined
        ? 'every point can still be restored'
        : `${hint} Every point can still be restored`;
  const others = points.some(({ whole }) => whole) ? '; all other points can' : '';
  const which = `can't be restored as it is: ${breaks.join(', ')}${others}`;
  if (kind === 'unreadable')
    return `${hint === undefined ? '' : `${hint} `}Until it is handed out, these can't be restored: ${breaks.join(', ')}`;
  return `${which}. ${ways[mended ?? 'nobody']}; where the bucket keeps versions, an older one of this object may be whole`;
}

const ways: Record<Exclude<Mended, 'rebuild'> | 'nobody', string> = {
  cycle: 'What the VM still has of it the next cycle stores again, and a plan shows it',
  'by-cycle': 'A cycle has stored again what the VM still had of it',
  nobody: 'No cycle makes it again',
};

/** What is damaged is said all the same; only the writers don't learn of it. */
function notNoted({ message, hint }: Diagnostic): Diagnostic {
  return {
    ...world(
      'damage-not-noted',
      own`what was found could not be written down in the repository: ${message}`,
      {
        hint: own`verify with credentials that may write to it, so that the next cycle heals what it can${hint === undefined ? '' : `. ${hint}`}`,
      },
    ),
    severity: 'warning',
  };
}

/**
 * Of a repository whose manifests declare `lock`: which VMs have objects whose lock ends before half of what
 * that promises. `all`: the store is asked about each lock, else about those alone that nobody knows.
 */
async function locksThatEnd(
  { io: { interrupt: signal }, reporter }: Context,
  { repository, ref, vms, clock }: OpenedRepository,
  { points }: VerifyReport,
  all: boolean,
): Promise<Diagnostic[]> {
  if (!ref.lock) return [];
  const lock = lockPolicyOf(ref.lock);
  const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
  const found: Diagnostic[] = [];
  for (const uuid of new Set(points.map(one => one.vm.uuid))) {
    try {
      const { name, plan } = await planOf(repository, uuid, {
        ...{ vms, lock, now, signal, force: true, ask: all },
      });
      const short = plan.short.filter(one => (one.was ?? 0) < Math.min(one.until, now + lock.for / 2));
      if (short.length > 0) found.push(end(name ?? uuid, ref.lock.for, now, short));
    } catch (error) {
      // What points need can't be told: the report says why.
      if (!failedWith(error, 'prune-doubt', 'aws-access-denied')) throw error;
      reporter.diagnostics((error as Failure).diagnostics.map(one => ({ ...one, severity: 'warning' })));
    }
  }
  return found;
}

const end = (
  vm: string,
  span: string,
  now: number,
  short: readonly { was: number | undefined }[],
): Diagnostic => {
  const open = short.filter(({ was }) => (was ?? 0) <= now).length;
  const first = Math.min(...short.map(({ was }) => was ?? 0).filter(was => was > now));
  const when = Number.isFinite(first) ? `, the others from ${new Date(first).toISOString()} on` : '';
  return {
    ...world(
      'locks-end',
      own`${plural(short.length, 'object')} that points of ${vm} need ${short.length === 1 ? 'is' : 'are'} locked for less than half of ${span}: ${open} not at all${when}`,
      {
        hint: own`run \`converge repository extend-locks\` with the credentials of the extender, best each day`,
      },
    ),
    severity: 'warning',
  };
};
