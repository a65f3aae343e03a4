import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { type Key, readKey } from '../../replication/format/keys.ts';
import { findVm } from '../../replication/model/newest-point.ts';
import type { OnDamage, VmRepository } from '../../replication/model/repository.ts';
import type { OpenRepository } from '../../replication/repository/open.ts';
import type { Context } from '../app-context.ts';
import { openSession } from '../open-session.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { storeAt } from './repositories.ts';

/** Opens the repository of `--repository` and `--key` for as long as `use` runs. */
export async function withRepositoryOpen<T>(
  context: Context,
  options: RepositoryOptions & CommonOptions,
  use: (repository: OpenRepository) => Promise<T>,
): Promise<T> {
  const { openRepository } = await import('../../replication/repository/open.ts');
  const key: Key | undefined =
    options.key === undefined ? undefined : await readKey(options.key, context.io.host);
  const session = await openSession(context, options, { labMustExist: true });
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const { world: ports, lab, known } = session;
    const store = await storeAt(
      options.repository,
      undefined,
      {
        host: ports.host,
        machine: context.io.host,
        targets: [],
        secret: ports.secret,
        known,
        ...(lab && { lab }),
      },
      { made() {}, retried() {}, throttled() {} },
      closing,
    );
    return await use(await openRepository(store, { key, random: context.io.host.random }));
  } finally {
    for (const close of closing) await close();
    await session.close();
  }
}

/**
 * The same, with one VM by name or UUID, or with all. What is damaged and not needed is a warning: what
 * is whole is still served. Throws a Failure with the names there are.
 */
export function withVms<T>(
  context: Context,
  options: RepositoryOptions & CommonOptions,
  name: string | undefined,
  use: (repository: OpenRepository, vms: VmRepository[], onDamage: OnDamage) => Promise<T>,
): Promise<T> {
  const onDamage = warnings(context);
  return withRepositoryOpen(context, options, async repository => {
    if (name !== undefined) return use(repository, [await vmNamed(repository, name, onDamage)], onDamage);
    const all = await repository.vms(onDamage);
    return use(
      repository,
      all.map(({ uuid }) => repository.vm(uuid)),
      onDamage,
    );
  });
}

/** Shows each damage as a warning, once however often it is met. */
function warnings(context: Context): OnDamage {
  const said = new Set<string>();
  return ({ diagnostics }) => {
    const fresh = diagnostics.filter(({ message }) => !said.has(message));
    for (const { message } of fresh) said.add(message);
    context.reporter.diagnostics(fresh.map(diagnostic => ({ ...diagnostic, severity: 'warning' })));
  };
}

/** One VM by name or UUID; `onDamage` as in `findVm`. Throws a Failure with the nearest of the names there are. */
export async function vmNamed(
  repository: OpenRepository,
  name: string,
  onDamage?: OnDamage,
): Promise<VmRepository> {
  const found = await findVm(repository, name, onDamage);
  if (found) return found;
  const names = (await repository.vms(onDamage)).map(vm => vm.name);
  const hint = suggest(name, names) ?? 'the repository holds no VM yet';
  throw new Failure(
    world('vm-not-in-repository', `${repository.store.url} holds no recovery point of ${name}`, { hint }),
  );
}
