import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource } from '../../engine/model/catalog.ts';
import { parseDuration } from '../../io/duration.ts';
import type { SeenReplica } from '../../operation/model.ts';
import { vmFinder } from '../../replication/model/find-vm.ts';
import type { Context } from '../app-context.ts';
import { recoveringOf, repositoryOf, targetProperties } from '../recovery/open/with-declared.ts';
import { agesOf } from '../recovery/replica-age.ts';
import type { Session } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';

/**
 * How old the replicas of all targets are that declare one; what can't be asked is unknown, and told.
 *
 * @param uuids of VMs by their names in lower case, as far as they are known
 */
export async function replicasOf(
  context: Context,
  session: Session,
  catalog: Catalog,
  uuids: ReadonlyMap<string, string>,
): Promise<{ replicas: SeenReplica[]; diagnostics: Diagnostic[] }> {
  const run = runOf(context, session);
  const diagnostics: Diagnostic[] = [];
  const find = vmFinder();
  const one = async (declared: CatalogResource): Promise<SeenReplica> => {
    const { replica } = targetProperties(declared);
    const vm = declared.title;
    const often = replica?.every === undefined ? undefined : parseDuration(replica.every);
    const every = often === undefined ? {} : { every: often };
    try {
      const recovering = await recoveringOf(context, session, run, catalog, declared, undefined, find);
      const repository = await recovering.repository(repositoryOf(declared));
      const [age] = await agesOf(
        recovering,
        repository,
        [uuids.get(vm.toLowerCase()) ?? vm],
        context.io.interrupt,
      );
      return { ...age!, vm, ...every };
    } catch (error) {
      context.io.interrupt.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      diagnostics.push(...error.diagnostics);
      return { vm, behind: 0, unknown: true, ...every };
    }
  };
  const declaring = catalog.resources.filter(
    each =>
      each.type === 'recovery_target' && each.meta.ensure !== 'absent' && targetProperties(each).replica,
  );
  const replicas = await Promise.all(declaring.map(one));
  return { replicas, diagnostics };
}
