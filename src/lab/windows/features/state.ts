import type { Files } from '../../../io/ports.ts';
import { type FeatureState, known } from './feature-tree.ts';

/** What differs from a new machine, by feature name. */
const stateFile = 'C:\\Windows\\System32\\config\\features.json';

export class Features {
  readonly #states: Map<string, FeatureState>;

  constructor(changed: Record<string, FeatureState>) {
    this.#states = new Map([...known].map(([name, { initial }]) => [name, changed[name] ?? initial]));
  }

  /** The name as dism spells it; its case doesn't matter. */
  find(typed: string): string | undefined {
    return [...this.#states.keys()].find(name => name.toLowerCase() === typed.toLowerCase());
  }

  all(): [name: string, state: FeatureState][] {
    return [...this.#states];
  }

  state(name: string): FeatureState {
    return this.#states.get(name)!;
  }

  isOn(name: string): boolean {
    return /^Enable/.test(this.state(name));
  }

  set(name: string, state: FeatureState): void {
    this.#states.set(name, state);
  }

  /** All parents that aren't enabled, outermost first. */
  missingParents(name: string): string[] {
    const missing = new Set<string>();
    for (const parent of known.get(name)!.parents) {
      for (const one of this.missingParents(parent)) missing.add(one);
      if (!this.isOn(parent)) missing.add(parent);
    }
    return [...missing];
  }

  /** What can't be without `name` and is enabled, innermost first. */
  dependants(name: string): string[] {
    const direct = [...known].filter(([child, { parents }]) => parents.includes(name) && this.isOn(child));
    return [...new Set(direct.flatMap(([child]) => [...this.dependants(child), child]))];
  }

  async save(files: Files): Promise<void> {
    const changed = this.all().filter(([name, state]) => state !== known.get(name)!.initial);
    await files.writeAtomic(
      stateFile,
      Buffer.from(`${JSON.stringify(Object.fromEntries(changed), null, 1)}\n`),
    );
  }
}

export async function readFeatures(files: Pick<Files, 'read'>): Promise<Features> {
  const bytes = await files.read(stateFile);
  return new Features(bytes ? (JSON.parse(bytes.toString('utf8')) as Record<string, FeatureState>) : {});
}

/** A restart makes what was pending real. */
export async function settlePending(files: Files): Promise<void> {
  const features = await readFeatures(files);
  const pending = features.all().filter(([, state]) => state.endsWith('Pending'));
  for (const [name, state] of pending)
    features.set(name, state === 'Enable Pending' ? 'Enabled' : 'Disabled');
  if (pending.length > 0) await features.save(files);
}
