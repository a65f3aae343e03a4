import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import { addressOfSelectionKey, wentByFile } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Catalog, CatalogTarget } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import type { Host } from '../../../io/ports.ts';
import { sha256 } from '../../../values/digest.ts';
import type { CatalogOptions } from '../../session/load-catalog.ts';
import { type Kept, kept, restored } from './take-up.ts';

/** What points are made of, and what tells of them; everything else waits for manifests that can be used. */
const types: ReadonlySet<string> = new Set([
  ...['protected_vm', 'alert_route', 'recovery_plan', 'recovery_target'],
]);

/** Bytes that are read of the file; it has the VMs of a large site a hundred times over. */
const largest = 128 * 2 ** 20;

interface Written {
  version: 1;
  /** Digest of what was asked for: other paths have other manifests. */
  of: string;
  resources: Kept[];
  targets: CatalogTarget[];
  /** Missing in what older versions kept. */
  selections?: Record<string, unknown>;
  platform?: NodeJS.Platform;
}

/** As an agent last went by it. */
export interface WentBy {
  catalog: Catalog;
  /** What the memory knew of selections, by its keys. */
  selections: ReadonlyMap<string, unknown>;
}

/** The last manifests that could be used, kept for an agent that is started anew while they can't. */
export class LastGood {
  readonly #host: Host;
  readonly #file: string;
  readonly #of: string;
  #digest: string | undefined;
  #wrong: Diagnostic[] = [];

  constructor(host: Host, stateDir: string, paths: readonly string[], { env, set }: CatalogOptions) {
    this.#host = host;
    this.#file = wentByFile(stateDir);
    this.#of = sha256(canonicalJson([paths, env ?? null, set ?? []]));
  }

  /** @param digest equal ones mean that nothing changed in the manifests */
  async keep(
    { resources, targets, platform }: Catalog,
    digest: string,
    memory: Pick<EngineMemory, 'get' | 'keys'>,
  ): Promise<void> {
    const selections = Object.fromEntries(
      [...memory.keys()]
        .filter(key => addressOfSelectionKey(key) !== undefined)
        .map(key => [key, memory.get(key)]),
    );
    const all = sha256(canonicalJson([digest, selections]));
    if (all === this.#digest) return;
    const written: Written = {
      ...{ version: 1, of: this.#of, targets, selections },
      resources: resources.filter(({ type }) => types.has(type)).map(kept),
      ...(platform !== undefined && { platform }),
    };
    await this.#host.files.writeAtomic(this.#file, Buffer.from(JSON.stringify(written)), { private: true });
    this.#digest = all;
  }

  /** What was wrong with what was read since this was asked last. */
  wrong(): Diagnostic[] {
    return this.#wrong.splice(0);
  }

  /**
   * Undefined: there is nothing for what is asked, or nothing that can be believed, which `wrong` tells.
   *
   * @param whatever also what somebody went by who had asked for something else
   */
  async read({ whatever = false } = {}): Promise<WentBy | undefined> {
    const text = await this.#bytes();
    const found = text && writtenIn(text);
    if (text && !found) this.#wrong = [damaged(this.#file)];
    // What can't be used is written anew as soon as there is something to write.
    if (!found) this.#digest = undefined;
    if (!found || (found.of !== this.#of && !whatever)) return undefined;
    const { resources, targets, platform, selections = {} } = found;
    return {
      catalog: {
        ...{ resources: resources.map(restored), targets, sources: new Map() },
        ...(platform !== undefined && { platform }),
      },
      selections: new Map(Object.entries(selections)),
    };
  }

  /** One that others can change is not believed, and keeps nobody from going by the manifests. */
  async #bytes(): Promise<Buffer | undefined> {
    try {
      return await this.#host.files.read(this.#file, { most: largest, own: true });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#wrong = error.diagnostics.map(one => ({ ...one, severity: 'warning' }));
      return undefined;
    }
  }
}

/** What was cut short, or is of another version, is worth nothing. */
function writtenIn(text: Buffer): Written | undefined {
  try {
    const found = JSON.parse(text.toString('utf8')) as Written | null;
    const isWhole = Array.isArray(found?.resources) && Array.isArray(found.targets);
    return found?.version === 1 && isWhole ? found : undefined;
  } catch {
    return undefined;
  }
}

const damaged = (file: string): Diagnostic => ({
  ...world('state-damaged', `${file} is damaged; manifests that can be used are kept in it anew`),
  severity: 'warning',
  hint: 'what an agent went by before is not known from it',
});
