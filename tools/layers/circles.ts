type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** The graph without what ends somewhere: most of it, so that the rest of the work is small. */
const withoutEnds = (edges: Edges): Edges => {
  const left = new Map(
    [...edges].flatMap(([node, to]) => {
      const more = new Set([...to].filter(next => edges.has(next)));
      return more.size > 0 ? [[node, more] as const] : [];
    }),
  );
  return left.size === edges.size ? left : withoutEnds(left);
};

/**
 * One circle for each knot of a graph, the shortest through one of its members: `[a, b]` for a → b → a.
 * Nodes that nothing leads back to have none.
 */
export const circles = (all: Edges): string[][] => {
  const edges = withoutEnds(all);
  const reached = new Map<string, Set<string>>();
  const reach = (from: string): Set<string> => {
    const known = reached.get(from);
    if (known) return known;
    const seen = new Set<string>();
    const open = [...(edges.get(from) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(edges.get(next) ?? []));
    }
    reached.set(from, seen);
    return seen;
  };
  const shortest = (from: string): string[] => {
    const paths: string[][] = [[from]];
    const seen = new Set<string>();
    for (const path of paths) {
      for (const next of edges.get(path.at(-1)!) ?? []) {
        if (next === from) return path;
        if (seen.has(next)) continue;
        seen.add(next);
        paths.push([...path, next]);
      }
    }
    return [from];
  };
  const told = new Set<string>();
  return [...edges.keys()].flatMap(node => {
    if (told.has(node) || !reach(node).has(node)) return [];
    told.add(node);
    for (const other of reach(node)) if (reach(other).has(node)) told.add(other);
    return [shortest(node)];
  });
};
