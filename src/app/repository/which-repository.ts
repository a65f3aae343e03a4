import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { parseRepositoryUrl } from '../../replication/model/repository-url.ts';
import { type RepositoryProperty, repositoryRef } from '../../resources/shared/repository-property.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';

export interface Which {
  ref: RepositoryRef;
  targets: CatalogTarget[];
  /** The protected VMs that the manifests declare, as they are written. */
  vms: CatalogResource[];
  /**
   * Whether the manifests declare an aws target; otherwise the command line is where to say anything of AWS.
   */
  isAwsDeclared: boolean;
}

/**
 * The repository that a command means, and what gives access to it: that of the manifests (of the VM, if one
 * is named), or the one on the command line, whose options come before what manifests say. Undefined when the
 * manifests have mistakes, which were told.
 *
 * @throws Failure (given) when none is named, or several are and nothing says which
 */
export async function whichRepository(
  context: Context,
  options: RepositoryOptions & CommonOptions,
  vm: string | undefined,
): Promise<Which | undefined> {
  const { paths = [], repository } = options;
  if (paths.length === 0) {
    if (repository === undefined) throw unnamed();
    return {
      ref: { url: parseRepositoryUrl(repository) },
      targets: overridden([], options),
      vms: [],
      isAwsDeclared: false,
    };
  }
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const said = repository === undefined ? undefined : parseRepositoryUrl(repository);
  const refs = declaredIn(catalog, vm);
  const [declared, ...others] = said ? refs.filter(({ url }) => url.canonical === said.canonical) : refs;
  if (declared && others.length > 0) throw several([declared, ...others]);
  const ref = declared ?? (said && { url: said });
  if (ref === undefined) throw noneDeclared(paths);
  return {
    ref,
    targets: overridden(catalog.targets, options),
    vms: catalog.resources.filter(({ type }) => type === 'protected_vm'),
    isAwsDeclared: catalog.targets.some(({ type }) => type === 'aws'),
  };
}

/** Those of the VM when it is declared by itself, else all that protected VMs and images name. */
function declaredIn({ resources }: Catalog, vm: string | undefined): RepositoryRef[] {
  const holding = resources.filter(({ type }) => type === 'protected_vm' || type === 'raw_image');
  const own = holding.filter(
    ({ type, title, select }) =>
      type === 'protected_vm' && select === undefined && title.toLowerCase() === vm?.toLowerCase(),
  );
  const refs = (own.length > 0 ? own : holding).flatMap(({ properties: { repository } }) =>
    repository === undefined ? [] : repositoryRef(repository as RepositoryProperty),
  );
  const spelled = ({ url, target, key }: RepositoryRef) => JSON.stringify([url.canonical, target, key]);
  return [...new Map(refs.map(ref => [spelled(ref), ref])).values()];
}

/**
 * Targets with what the command line says in the place of their own; one of its own where none is declared.
 */
export function overridden(targets: CatalogTarget[], options: RepositoryOptions): CatalogTarget[] {
  const { region, profile, endpoint } = options;
  const said = {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint }),
  };
  if (Object.keys(said).length === 0) return targets;
  // Keys of the target are those of another profile.
  const own = ({ access_key_id: _, secret_access_key: __, ...properties }: CatalogTarget['properties']) =>
    properties;
  const changed = targets.map(target =>
    target.type === 'aws'
      ? {
          ...target,
          properties: { ...(profile === undefined ? target.properties : own(target.properties)), ...said },
        }
      : target,
  );
  if (changed.some(({ type }) => type === 'aws')) return changed;
  const nowhere = { file: 'the command line', start: { line: 1, column: 1 }, end: { line: 1, column: 1 } };
  return [
    ...changed,
    { name: 'aws', type: 'aws', properties: said, at: nowhere } as unknown as CatalogTarget,
  ];
}

const unnamed = (): Failure =>
  new Failure(
    given('no-repository', 'no repository was named', {
      hint: 'name the manifests that declare it, or --repository s3://BUCKET/PREFIX or file:///FOLDER',
    }),
  );

/** Nothing that a command about VMs could be about. */
export const noneDeclared = (paths: string[]): Failure =>
  new Failure(
    given('no-repository', `${paths.join(', ')} declare no \`protected_vm\`, so they name no repository`, {
      hint: 'name other manifests, or say which with --repository URL',
    }),
  );

const several = (refs: RepositoryRef[]): Failure =>
  new Failure(
    given(
      'several-repositories',
      `the manifests name several repositories: ${refs.map(({ url }) => url.written).join(', ')}`,
      {
        hint: `say which one with --repository, or name a VM that is declared: --repository ${refs[0]!.url.written}`,
      },
    ),
  );
