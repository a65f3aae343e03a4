import { callerAccount } from '../../aws/caller-identity.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import type { CatalogTarget } from '../../engine/model/catalog.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import type { DeclaredHere } from '../../recovery/bundle/declared-bundles.ts';
import type { Repositories, RepositoryRef } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { OwnerRecords } from '../../resources/shared/ownership.ts';
import { type RepositoryProperty, repositoryRef } from '../../resources/shared/repository-property.ts';
import type { Reach } from './reach.ts';

/** Those that keep what is there, or how it is recovered; an `iam_role` only says whom it is for. */
const keeping = ['protected_vm', 'recovery_target', 'recovery_plan'];
const SERIES = 'owned';

/** What the repositories behind `target` that are declared know of what converge made there. */
export async function ownerRecords(
  { reach, declared }: { reach: Reach; declared?: DeclaredHere | undefined },
  repositories: Repositories,
  target: CatalogTarget | undefined,
  calls: CallCounter,
): Promise<OwnerRecords> {
  const settings = await reach.aws.api(target, calls);
  const { endpoint } = target?.properties ?? {};
  let account: Promise<string> | undefined;
  const there = async (): Promise<Repository[]> => {
    const refs = declared ? repositoriesOn(target, declared) : [];
    const opened = await Promise.all(refs.map(ref => repositories.open(ref, 'read')));
    return opened.filter(one => one !== undefined);
  };
  return {
    region: settings.region,
    account() {
      // Another service than AWS has no accounts.
      account ??= typeof endpoint === 'string' ? Promise.resolve(endpoint) : callerAccount(settings);
      return account;
    },
    async read(type, title) {
      const found: unknown[] = [];
      for (const { records } of await there())
        for (const number of await records.numbers(subjectOf(type, title), SERIES))
          found.push(await records.read(subjectOf(type, title), SERIES, number));
      return found;
    },
    async add(type, title, record) {
      for (const { records } of await there()) {
        let number = (await records.numbers(subjectOf(type, title), SERIES)).at(-1) ?? 0;
        // Others may write about objects of the same name, in other regions.
        do number++;
        while (!(await records.add(subjectOf(type, title), SERIES, number, record)));
      }
    },
  };
}

const subjectOf = (type: string, title: string): string => `owned ${type} ${title}`;

/** Each once, with its key where one that names it says that. */
function repositoriesOn(target: CatalogTarget | undefined, declared: DeclaredHere): RepositoryRef[] {
  const found = new Map<string, RepositoryRef>();
  for (const { type, properties } of declared.resources) {
    if (!keeping.includes(type) || properties.repository === undefined) continue;
    const ref = repositoryRef(properties.repository as RepositoryProperty);
    const on = resolveTarget(declared.targets, 'aws', ref.target).target;
    if (ref.url.kind === 's3' && on?.name !== target?.name) continue;
    const known = found.get(ref.url.canonical);
    if (!known || (ref.key && !known.key)) found.set(ref.url.canonical, ref);
  }
  return [...found.values()];
}
