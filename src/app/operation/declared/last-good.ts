import { join } from 'node:path';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Catalog, CatalogTarget } from '../../../engine/model/catalog.ts';
import type { Host } from '../../../io/ports.ts';
import { sha256 } from '../../../values/digest.ts';
import type { CatalogOptions } from '../../session/load-catalog.ts';
import { type Kept, kept, restored } from './take-up.ts';

/** What points are made of, and what tells of them; everything else waits for manifests that can be used. */
const types: ReadonlySet<string> = new Set([
  ...['protected_vm', 'alert_route', 'recovery_plan', 'recovery_target'],
]);

interface Written {
  version: 1;
  /** Digest of what was asked for: other paths have other manifests. */
  of: string;
  resources: Kept[];
  targets: CatalogTarget[];
  platform?: NodeJS.Platform;
}

/** The last manifests that could be used, kept for an agent that is started anew while they can't. */
export class LastGood {
  readonly #host: Host;
  readonly #file: string;
  readonly #of: string;
  #digest: string | undefined;

  constructor(host: Host, stateDir: string, paths: readonly string[], { env, set }: CatalogOptions) {
    this.#host = host;
    this.#file = join(stateDir, 'agent', 'manifests.json');
    this.#of = sha256(canonicalJson([paths, env ?? null, set ?? []]));
  }

  /** @param digest equal ones mean that nothing changed */
  async keep({ resources, targets, platform }: Catalog, digest: string): Promise<void> {
    if (digest === this.#digest) return;
    const written: Written = {
      ...{ version: 1, of: this.#of, targets },
      resources: resources.filter(({ type }) => types.has(type)).map(kept),
      ...(platform !== undefined && { platform }),
    };
    await this.#host.files.writeAtomic(this.#file, Buffer.from(JSON.stringify(written)), { private: true });
    this.#digest = digest;
  }

  /** Undefined: there are none for what is asked. */
  async read(): Promise<Catalog | undefined> {
    const text = await this.#host.files.read(this.#file);
    const found = text && writtenIn(text);
    if (!found || found.of !== this.#of) return undefined;
    const { resources, targets, platform } = found;
    return {
      ...{ resources: resources.map(restored), targets, sources: new Map() },
      ...(platform !== undefined && { platform }),
    };
  }
}

/** What was cut short, or is of another version, is worth nothing. */
function writtenIn(text: Buffer): Written | undefined {
  try {
    const found = JSON.parse(text.toString('utf8')) as Written;
    return found.version === 1 ? found : undefined;
  } catch {
    return undefined;
  }
}
