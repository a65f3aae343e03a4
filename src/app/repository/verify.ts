import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Level } from '../../replication/model/check-memory.ts';
import type { Sample } from '../../replication/verify/choose.ts';
import type { VerifyReport } from '../../replication/verify/verify.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { vmNamed, withRepositoryOpen } from './with-repository.ts';

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
  const report = await withRepositoryOpen(context, options, vm, async ({ repository, known, saw, clock }) => {
    const made = await check(repository, {
      ...(vm !== undefined && { vm: (await vmNamed(repository, vm)).uuid }),
      ...(options.level && { level: options.level }),
      ...(options.sample && { sample: options.sample }),
      note: { at: clock.now() },
      seen: known?.generations ?? {},
      signal: context.io.interrupt,
    });
    await saw(Object.fromEntries(made.points.map(one => [one.vm.uuid, one.generation])));
    return made;
  });
  if (!report) return undefined;
  const diagnostics = report.problems.map(({ kind, message, breaks }) =>
    world(codes[kind], message, {
      hint:
        breaks.length > 0
          ? `can't be restored as it is: ${breaks.join(', ')}; all other points can. What the VM still has of it the next cycle stores again, and a plan shows it; where the bucket keeps versions, an older one of this object may be whole`
          : report.points.length === 0
            ? 'there is no point left to restore: bring back what is gone from an older version of the bucket or a copy'
            : kind === 'rolled-back'
              ? 'the points that are left can be restored; whatever is newer has to come from an older version of the bucket or a copy'
              : 'every point can still be restored',
    }),
  );
  return { report, diagnostics: [...diagnostics, ...report.unnoted.map(notNoted)] };
}

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
