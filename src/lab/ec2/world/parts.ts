import type { Ec2State } from './state.ts';

/** The JSON of each part of a state, by its name. */
export type Parts = ReadonlyMap<string, string>;

export const partsOf = (state: object): Parts =>
  new Map(Object.entries(state).map(([name, part]) => [name, JSON.stringify(part)]));

export const jsonOf = (parts: Parts): string =>
  `{${[...parts].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;

/** What became of a draft: the parts that differ, and all of them as JSON. */
export interface Changed {
  differing: Partial<Ec2State>;
  parts: Parts;
}

/**
 * A state to be changed, made from `parts`, which stay as they are. A part is copied when it is first asked
 * for: most requests look at one or two of twenty.
 */
export function draftOf(parts: Parts): { state: Ec2State; changed(): Changed | undefined } {
  const copied: Record<string, unknown> = {};
  const state = new Proxy(copied, {
    get(_, name) {
      if (typeof name === 'symbol') return undefined;
      const json = parts.get(name);
      if (json !== undefined && !Object.hasOwn(copied, name)) copied[name] = JSON.parse(json);
      return copied[name];
    },
  });
  return {
    state: state as unknown as Ec2State,
    changed() {
      const became = partsOf(copied);
      const differing = Object.entries(copied).filter(([name]) => became.get(name) !== parts.get(name));
      if (differing.length === 0) return undefined;
      return { differing: Object.fromEntries(differing), parts: new Map([...parts, ...became]) };
    },
  };
}
