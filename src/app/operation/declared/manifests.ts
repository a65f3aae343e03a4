import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { addressOfAgentKey, addressOfSelectionKey, agentKey } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Address, Catalog, CatalogResource } from '../../../engine/model/catalog.ts';
import { type EngineMemory, type Forgotten, forgottenKey } from '../../../engine/model/world.ts';
import { sha256 } from '../../../values/digest.ts';
import type { Context } from '../../app-context.ts';
import { type CatalogOptions, loadCatalog } from '../../session/load-catalog.ts';
import type { LastGood } from './last-good.ts';
import { type HeldBack, type Kept, kept, restored, takeUp } from './take-up.ts';

/** What an agent goes by, as it was last read. */
export interface TakenUp {
  catalog: Catalog;
  /** Equal digests mean that nothing changed. */
  digest: string;
  held: HeldBack[];
}

/** Why the manifests can't be used, and what there is to go by; nothing: what was read before stays. */
export interface Read {
  taken?: TakenUp;
  broken?: Diagnostic[];
}

/**
 * Reads the manifests, and holds on to what protects more than they do by now.
 *
 * @param memory of the state folder, as it is now: `apply --allow` removes what it lets go of; undefined:
 *   whoever reads holds on to nothing
 * @param before what was gone by so far: in the place of manifests that can't be used, and where VMs are
 *   that they name no more
 */
export async function readManifests(
  context: Context,
  paths: string[],
  options: CatalogOptions,
  memory: EngineMemory | undefined,
  before: Catalog | undefined,
): Promise<Read> {
  const found: Diagnostic[] = [];
  const quiet: Context = {
    ...context,
    reporter: { ...context.reporter, diagnostics: more => void found.push(...more), notice() {} },
  };
  const good = await loadCatalog(quiet, paths, options);
  const broken = good ? {} : { broken: found };
  const next = good ?? before;
  if (!next) return broken;
  const { catalog, held } = takeUp(
    memory ? rememberedIn(memory) : new Map(),
    before?.targets ?? [],
    next,
    context.registry,
  );
  return { ...broken, taken: { catalog, digest: digestOf(catalog), held } };
}

/** What the agent goes by for each VM from now on, durable. */
export async function remember(memory: EngineMemory, { resources }: Catalog): Promise<void> {
  const vms = new Map(
    resources.filter(({ type }) => type === 'protected_vm').map(one => [one.address, kept(one)]),
  );
  for (const [address, one] of vms)
    if (canonicalJson(memory.get(agentKey(address)) ?? null) !== canonicalJson(one))
      await memory.set(agentKey(address), one);
}

/**
 * Where the memory of the state folder was lost, what the agent held on to is what it last went by, but for
 * what it was allowed to let go of since.
 *
 * @param running what an agent goes by that runs
 */
export async function recall(memory: EngineMemory, lastGood: LastGood, running?: Catalog): Promise<void> {
  const forgotten = memory.get(forgottenKey) as Forgotten | undefined;
  if (forgotten === undefined) return;
  const letGo = new Set(forgotten === 'new' ? [] : forgotten);
  // As an intact memory it holds on to VMs whatever manifests are asked for by now.
  const before = await lastGood.read({ whatever: true });
  const catalog = running ?? before?.catalog;
  if (catalog) {
    const resources = catalog.resources.filter(({ address }) => !letGo.has(address));
    await remember(memory, { ...catalog, resources });
  }
  for (const [key, value] of before?.selections ?? [])
    if (memory.get(key) === undefined && !letGo.has(addressOfSelectionKey(key)!))
      await memory.set(key, value);
  await memory.set(forgottenKey, undefined);
}

function rememberedIn(memory: EngineMemory): Map<Address, CatalogResource> {
  const found = new Map<Address, CatalogResource>();
  for (const key of memory.keys()) {
    const address = addressOfAgentKey(key);
    if (address !== undefined) found.set(address, restored(memory.get(key) as Kept));
  }
  return found;
}

const digestOf = ({ resources, targets }: Catalog): string =>
  sha256(
    canonicalJson({
      resources: resources.map(({ at: _, ...one }) => kept({ ...one, at: { file: '', line: 1, column: 1 } })),
      targets: targets.map(({ at: _, ...one }) => one),
    }),
  );
