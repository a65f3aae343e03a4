import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../../options.ts';
import { withBundled } from './bundled.ts';
import { declaredAs, type Recovering, withDeclared } from './with-declared.ts';

/** Where a plan is declared: in manifests, or in what the repository keeps of them. */
export type PlanOptions = CommonOptions & RepositoryOptions;

/**
 * Connects to the target of a recovery plan for as long as `use` runs. Undefined when what declares it has
 * mistakes, which were told. No vSphere connection is opened.
 *
 * @param which points whose bundles count, where there are no manifests
 * @param ends it ends what the plan began, so that a plan that was removed will do
 * @throws Failure `paths-or-repository`
 */
export function withPlan<T>(
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions,
  which: string,
  use: (recovering: Recovering, declared: CatalogResource) => Promise<T>,
  ends = false,
): Promise<T | undefined> {
  const { repository } = options;
  refuseBoth(paths, options);
  const find = declaredAs('recovery_plan', name);
  return repository === undefined
    ? withDeclared(context, paths, options, find, use)
    : withBundled(context, name, { ...options, repository }, which, find, use, ends);
}

/** Either manifests say everything, or the repository does. @throws Failure `paths-or-repository` */
export function refuseBoth(paths: string[], options: PlanOptions): void {
  const withRepository = ['key', 'region', 'profile', 'endpoint'] as const;
  const withPaths = ['env', 'set'] as const;
  const bare = options.repository !== undefined;
  const wrong = (bare ? withPaths : withRepository).filter(option => options[option] !== undefined);
  if (!(bare && paths.length > 0) && wrong.length === 0) return;
  const what = [...(bare && paths.length > 0 ? ['PATHS'] : []), ...wrong.map(option => `--${option}`)];
  throw new Failure(
    given(
      'paths-or-repository',
      `${what.join(', ')} ${bare ? "can't be given with --repository" : 'can only be given with --repository'}`,
      {
        hint: bare
          ? 'what the manifests said is in the repository: leave it out, or leave --repository out'
          : 'manifests say these themselves',
      },
    ),
  );
}
