import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { VerifyReport } from '../../replication/verify/verify.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { vmNamed, withRepositoryOpen } from './with-repository.ts';

export interface Verified {
  report: VerifyReport;
  /** One per problem of the report. */
  diagnostics: Diagnostic[];
}

/** Reads everything that the recovery points need, of one VM or of all, and checks every byte. */
export async function verify(
  context: Context,
  vm: string | undefined,
  options: RepositoryOptions & CommonOptions,
): Promise<Verified> {
  const { verify: check } = await import('../../replication/verify/verify.ts');
  const report = await withRepositoryOpen(context, options, async repository =>
    check(repository, {
      ...(vm !== undefined && { vm: (await vmNamed(repository, vm)).uuid }),
      signal: context.io.interrupt,
    }),
  );
  const diagnostics = report.problems.map(({ kind, message, breaks }) =>
    world(`repository-${kind}`, message, {
      hint:
        breaks.length > 0
          ? `can't be restored as it is: ${breaks.join(', ')}; all other points can. Where the bucket keeps versions, an older one of this object may be whole`
          : 'every point can still be restored',
    }),
  );
  return { report, diagnostics };
}
