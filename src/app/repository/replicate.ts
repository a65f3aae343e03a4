import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { openMemoryOf } from '../../engine/call/call-in-time.ts';
import { writeIo } from '../../engine/call/make-io.ts';
import type { CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import type { Progress } from '../../engine/model/io.ts';
import type { Run } from '../../engine/model/run.ts';
import { subjectOf } from '../../engine/model/subject.ts';
import { identityOf } from '../../engine/model/targets.ts';
import { expandSelections } from '../../engine/select/members.ts';
import type { ProtectedVmProperties } from '../../resources/vsphere/protection.ts';
import { type CycleWish, move, prepareJob } from '../../resources/vsphere/replicate.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession, type Session } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';

export interface ReplicateOptions extends CommonOptions {
  /** Compare every block with the newest point, whatever change tracking says. */
  rescan?: boolean;
  /** Store every block anew, whatever the repository holds. */
  full?: boolean;
  /** Addresses that may begin anew where a repository or points are gone that were there. */
  allow?: string[];
}

export interface Replicated {
  /** As it is declared. */
  vm: string;
  cycle: Awaited<ReturnType<typeof move>>;
}

/** A VM that no point is made of, as it has to be: it runs in AWS. */
export interface Suspended {
  vm: string;
  suspended: Diagnostic[];
}

/**
 * Makes a recovery point of one protected VM now, due or not. Undefined when the manifests have mistakes,
 * which were told. Throws a Failure when they declare no such VM, or when the cycle fails.
 */
export async function replicate(
  context: Context,
  vm: string,
  paths: string[],
  options: ReplicateOptions,
): Promise<Replicated | Suspended | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  const session = await openSession(context, options, {
    targets,
    platform,
    declared: catalog,
    changes: true,
  });
  try {
    const run = runOf(context, session);
    const { resources, diagnostics } = await expandSelections(catalog, run);
    context.reporter.diagnostics(diagnostics);
    const declared = protectedVm(resources, vm);
    const wish: CycleWish = {
      rescan: options.rescan ?? false,
      full: options.full ?? false,
      anew: options.allow?.includes(declared.address) ?? false,
    };
    const cycle = await moveDeclared(context, session, run, targets, declared, async () => {
      await session.remember();
      await openMemoryOf(run, context.registry.types.get(declared.type)!);
      return wish;
    });
    return { vm: declared.title, cycle: cycle! };
  } catch (error) {
    if (!(error instanceof Failure && error.hasOnly('failed-over'))) throw error;
    return { vm, suspended: error.diagnostics };
  } finally {
    await session.close();
  }
}

/**
 * Runs one cycle of a declared VM while no other process of this machine changes it. `wishOf` is asked once
 * that is so; undefined: there is nothing to do any more.
 *
 * @throws Failure `locked`, and what a cycle throws
 */
export async function moveDeclared(
  context: Context,
  session: Session,
  run: Run,
  targets: CatalogTarget[],
  declared: CatalogResource,
  wishOf: () => Promise<CycleWish | undefined>,
  onProgress: (progress: Progress) => void = () => {},
): Promise<Replicated['cycle'] | undefined> {
  const subject = subjectOf(declared, { registry: context.registry, targets, where: run.where });
  const { title, properties } = declared;
  const signal = context.io.interrupt;
  const target = await identityOf(run, subject.target!);
  const lock = await session.world.locks!.take({ target, type: subject.type.name, id: subject.id }, signal);
  try {
    const wish = await wishOf();
    if (!wish) return undefined;
    const io = writeIo(run, subject, signal, onProgress);
    const asked = { title, properties: properties as unknown as ProtectedVmProperties };
    return await move(await prepareJob(asked, io, signal, wish), io);
  } finally {
    await lock.release();
  }
}

function protectedVm(resources: CatalogResource[], vm: string): CatalogResource {
  const protectedVms = resources.filter(({ type }) => type === 'protected_vm');
  const found = protectedVms.find(
    ({ title, select }) => select === undefined && title.toLowerCase() === vm.toLowerCase(),
  );
  if (found) return found;
  // It may be one of those.
  const faults = protectedVms.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) throw new Failure(faults);
  const hint =
    suggest(
      vm,
      protectedVms.map(({ title }) => title),
    ) ?? 'the manifests declare no protected_vm';
  throw new Failure(given('vm-not-declared', `no protected_vm is called ${vm}`, { hint }));
}
