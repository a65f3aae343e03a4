import type { SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Address, Json } from '../../engine/model/catalog.ts';
import { pointerTo } from '../../engine/model/pointer.ts';
import type { TimeLeft } from '../syntax/cel.ts';
import type { KnownFacts } from './known-facts.ts';

/** One place where a value was said, and what was said there. */
export interface Layer {
  /** "data/eu.yaml", "--set", "default of the module pilot_light". */
  from: string;
  at?: SourceRange;
  value: Json;
  /** When the value was itself computed. */
  trace?: Trace;
}

/** How a computed value came about. */
export interface Trace {
  /** Where the expression stands. */
  at: SourceRange;
  /** What it read, by name (`data.interval`), each with its layers, the winner last. */
  inputs: { name: string; layers: Layer[] }[];
}

/** A value that expressions see, with what is known about where its parts come from. */
export interface Sourced {
  value: { [key: string]: Json };
  /** All places that say the value below these names, the winner last. */
  layers(path: string[]): Layer[];
  /** How scalars were written that another text stands for as well (`1.10`, `0x1F`), by JSON pointer. */
  texts: ReadonlyMap<string, string>;
}

/** What expressions see at one place of a manifest or module. */
export interface Scope {
  params: Sourced;
  data: Sourced;
  /** A layer of it has a mistake, which was told: what is computed from it may be wrong for that alone. */
  dataIsBroken?: boolean;
  /** Parameters with a mistake, which was told. */
  brokenParams?: ReadonlySet<string>;
  each?: Sourced;
  facts: KnownFacts;
  env: { [name: string]: string };
  /** Names in `env` that are not shown, since they are likely to hold secrets. */
  hiddenEnv(name: string): boolean;
  /** Shared by all expressions of a run. */
  time: TimeLeft;
  /** Address of the module use that this is inside of; '' outside. */
  module: Address;
}

export const nothingSourced: Sourced = { value: {}, layers: () => [], texts: new Map() };

/** A value read as a whole at places by JSON pointer. */
export function sourced(
  value: { [key: string]: Json },
  from: string,
  places: ReadonlyMap<string, SourceRange>,
  traces: ReadonlyMap<string, Trace> = new Map(),
  texts: ReadonlyMap<string, string> = new Map(),
): Sourced {
  return {
    value,
    texts,
    layers(path) {
      const found = path.reduce<Json | undefined>(below, value);
      if (found === undefined) return [];
      const pointers = path.map((_, index) => pointerTo(path.slice(0, path.length - index)));
      const at = pointers.map(pointer => places.get(pointer)).find(Boolean);
      const trace = pointers.map(pointer => traces.get(pointer)).find(Boolean);
      return [{ from, value: found, ...(at && { at }), ...(trace && { trace }) }];
    },
  };
}

/** The value below one name or index. */
export function below(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as { [key: string]: Json })[name];
}
