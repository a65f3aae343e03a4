import type { Files } from '../../../io/ports.ts';
import type { RegistryValue } from './values.ts';

/**
 * Where the whole registry lies: JSON, `{ registry: 1, keys: { PATH: [value…] } }`, keys in full spelling.
 */
export const registryFile = 'C:\\Windows\\System32\\config\\registry.json';

interface Key {
  /** In the case that it was made with, `HKEY_LOCAL_MACHINE\SOFTWARE\x`. */
  path: string;
  values: Map<string, RegistryValue>;
}

/** The registry, read whole. Keys and names have no case; `save` writes it back when something changed. */
export class Registry {
  readonly #keys: Map<string, Key>;
  #changed = false;

  constructor(keys: Iterable<[path: string, values: RegistryValue[]]>) {
    this.#keys = new Map();
    for (const [path, values] of keys) {
      this.#keys.set(path.toLowerCase(), {
        path,
        values: new Map(values.map(value => [value.name.toLowerCase(), value])),
      });
    }
  }

  has(path: string): boolean {
    return this.#keys.has(path.toLowerCase());
  }

  /** Values in the order in which they were made; undefined when there is no such key. */
  values(path: string): RegistryValue[] | undefined {
    const key = this.#keys.get(path.toLowerCase());
    return key && [...key.values.values()];
  }

  value(path: string, name: string): RegistryValue | undefined {
    return this.#keys.get(path.toLowerCase())?.values.get(name.toLowerCase());
  }

  /** Full paths of the keys right below, by name. */
  children(path: string): string[] {
    const below = `${path.toLowerCase()}\\`;
    return [...this.#keys]
      .filter(([lower]) => lower.startsWith(below) && !lower.includes('\\', below.length))
      .map(([, key]) => key.path)
      .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  }

  /** The spelling that a key was made with. */
  spelling(path: string): string {
    return this.#keys.get(path.toLowerCase())?.path ?? path;
  }

  /** Makes a key and those above it. */
  ensure(path: string): Key {
    const known = this.#keys.get(path.toLowerCase());
    if (known) return known;
    const at = path.lastIndexOf('\\');
    const above = at < 0 ? undefined : this.ensure(path.slice(0, at)).path;
    const key: Key = {
      path: above === undefined ? path : `${above}${path.slice(at)}`,
      values: new Map(),
    };
    this.#keys.set(path.toLowerCase(), key);
    this.#changed = true;
    return key;
  }

  set(path: string, value: RegistryValue): void {
    const { values } = this.ensure(path);
    const known = values.get(value.name.toLowerCase());
    values.set(value.name.toLowerCase(), known ? { ...value, name: known.name } : value);
    this.#changed = true;
  }

  /** Whether there was such a value. */
  removeValue(path: string, name: string): boolean {
    const removed = this.#keys.get(path.toLowerCase())?.values.delete(name.toLowerCase()) ?? false;
    this.#changed ||= removed;
    return removed;
  }

  /** Removes a key with all below it; whether there was one. */
  removeKey(path: string): boolean {
    const lower = path.toLowerCase();
    const gone = [...this.#keys.keys()].filter(key => key === lower || key.startsWith(`${lower}\\`));
    for (const key of gone) this.#keys.delete(key);
    this.#changed ||= gone.length > 0;
    return gone.length > 0;
  }

  async save(files: Files): Promise<void> {
    if (!this.#changed) return;
    const keys = Object.fromEntries(
      [...this.#keys.values()].map(({ path, values }) => [path, [...values.values()]]),
    );
    await files.writeAtomic(registryFile, Buffer.from(`${JSON.stringify({ registry: 1, keys }, null, 1)}\n`));
    this.#changed = false;
  }
}

export async function readRegistry(files: Pick<Files, 'read'>): Promise<Registry> {
  const bytes = await files.read(registryFile);
  if (!bytes) return new Registry([]);
  const { keys } = JSON.parse(bytes.toString('utf8')) as { keys: Record<string, RegistryValue[]> };
  return new Registry(Object.entries(keys));
}
