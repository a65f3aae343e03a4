import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { buildGraph, notifications } from '../../src/engine/graph/graph.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import { subjectsOf } from '../../src/engine/model/subject.ts';
import { declare, refs, registryOf, things } from '../support/engine-world.ts';

const { type } = things();
const graphOf = (resources: CatalogResource[]) =>
  buildGraph(
    subjectsOf(resources, {
      registry: registryOf(type),
      targets: [],
      where: { platform: 'linux', cwd: '/' },
    }),
  );
const orderOf = (resources: CatalogResource[]) => graphOf(resources).subjects.map(({ address }) => address);
function mistakes(resources: CatalogResource[]) {
  try {
    graphOf(resources);
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics;
    throw error;
  }
  throw new Error('the graph was built');
}

describe('edges', () => {
  test('all four kinds order what they join; ties go by address', () => {
    const order = orderOf([
      declare('thing:z', {}, { before: refs('thing:y') }),
      declare('thing:y', {}, { notify: refs('thing:x') }),
      declare('thing:x'),
      declare('thing:w', {}, { require: refs('thing:x') }),
      declare('thing:v', {}, { subscribe: refs('thing:w') }),
      declare('thing:b'),
      declare('thing:a'),
    ]);
    expect(order).toEqual(['thing:a', 'thing:b', 'thing:z', 'thing:y', 'thing:x', 'thing:w', 'thing:v']);
  });

  test('a need is an edge to what provides it, and none when nothing declared does', () => {
    const graph = graphOf([
      declare('thing:in', { inside: 'out' }),
      declare('thing:out'),
      declare('thing:alone', { inside: 'elsewhere' }),
    ]);
    expect(graph.edges.get('thing:in')).toMatchObject([{ to: 'thing:out', kind: 'implied' }]);
    expect(graph.edges.get('thing:alone')).toEqual([]);
  });

  test('what a resource provides itself it does not wait for', () => {
    const graph = graphOf([declare('thing:a', { inside: 'a' })]);
    expect(graph.edges.get('thing:a')).toEqual([]);
  });

  test('among absent things an implied edge points the other way', () => {
    const absent = { ensure: 'absent' as const };
    expect(
      orderOf([declare('thing:a-out', {}, absent), declare('thing:in', { inside: 'a-out' }, absent)]),
    ).toEqual(['thing:in', 'thing:a-out']);
  });

  test('notify and subscribe say who is refreshed', () => {
    const graph = graphOf([
      declare('thing:a', {}, { notify: refs('thing:c') }),
      declare('thing:b', {}, { subscribe: refs('thing:a') }),
      declare('thing:c', {}, { subscribe: refs('thing:a') }),
    ]);
    expect([...notifications(graph)]).toEqual([['thing:a', ['thing:b', 'thing:c']]]);
  });
});

describe('mistakes', () => {
  test('a present resource that needs an absent one shows both places', () => {
    const out = declare('thing:out', {}, { ensure: 'absent' });
    const inner = declare('thing:in', { inside: 'out' });
    expect(mistakes([out, inner])).toMatchObject([
      { code: 'needs-absent', category: 'given', at: inner.at, related: [{ at: out.at }] },
    ]);
  });

  test('one object declared twice in other spelling shows both places', () => {
    const [first, second] = [declare('thing:A'), declare('thing:a')];
    expect(mistakes([first, second])).toMatchObject([
      { code: 'same-object', at: second.at, related: [{ at: first.at }] },
    ]);
  });

  test('an unknown reference suggests the nearest name', () => {
    const diagnostics = mistakes([
      declare('thing:config'),
      declare('thing:b', {}, { require: refs('thing:confg') }),
    ]);
    expect(diagnostics).toMatchObject([{ code: 'unknown-reference', hint: 'did you mean `thing:config`?' }]);
  });

  test('a cycle shows its path and the place of every edge, and nothing that merely leads to it', () => {
    const a = declare('thing:a', {}, { require: refs('thing:b') });
    const b = declare('thing:b', { inside: 'c' });
    const c = declare('thing:c', {}, { subscribe: refs('thing:a') });
    const [cycle, ...more] = mistakes([a, b, c, declare('thing:0', {}, { require: refs('thing:a') })]);
    expect(more).toEqual([]);
    expect(cycle!.message).toBe(
      'these resources wait for each other: thing:a -> thing:b -> thing:c -> thing:a',
    );
    expect(cycle!.related).toEqual([
      { message: 'thing:a requires thing:b', at: a.meta.require[0]!.at },
      { message: 'thing:b needs thing:c, which thing:c brings', at: b.at },
      { message: 'thing:c subscribes to thing:a', at: c.meta.subscribe[0]!.at },
    ]);
  });

  test('several mistakes are told at once', () => {
    expect(
      mistakes([
        declare('thing:a'),
        declare('thing:A'),
        declare('thing:b', {}, { require: refs('thing:x') }),
      ]),
    ).toHaveLength(2);
  });
});

describe('size', () => {
  const chain = (length: number) =>
    Array.from({ length }, (_, i) =>
      declare(`thing:${i}`, {}, i === 0 ? {} : { require: refs(`thing:${i - 1}`) }),
    );

  test('a chain of 100,000 is ordered', () => {
    const order = orderOf(chain(100_000));
    expect(order[0]).toBe('thing:0');
    expect(order.at(-1)).toBe('thing:99999');
  });

  test('a cycle of 100,000 is found', () => {
    const resources = chain(100_000);
    resources[0]!.meta.require = refs('thing:99999');
    const [cycle] = mistakes(resources);
    expect(cycle!.code).toBe('cycle');
    expect(cycle!.related).toHaveLength(20);
    expect(cycle!.message.length).toBeLessThan(1000);
  });
});

test('any acyclic set is ordered by its edges, whatever the order of declaration', () => {
  const pairs = fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 40 });
  fc.assert(
    fc.property(pairs, fc.array(fc.nat(), { minLength: 15, maxLength: 15 }), (edges, shuffle) => {
      const resources = Array.from({ length: 15 }, (_, i) => {
        const earlier = edges
          .filter(([a, b]) => Math.max(a, b) === i && a !== b)
          .map(([a, b]) => `thing:${Math.min(a, b)}`);
        return declare(`thing:${i}`, {}, { require: refs(...earlier) });
      });
      const sorted = orderOf(resources);
      const shuffled = resources
        .map((r, i) => [shuffle[i]!, r] as const)
        .sort(([a], [b]) => a - b)
        .map(([, r]) => r);
      expect(orderOf(shuffled)).toEqual(sorted);
      for (const { address, meta } of resources) {
        for (const { address: before } of meta.require) {
          expect(sorted.indexOf(before)).toBeLessThan(sorted.indexOf(address));
        }
      }
    }),
  );
});
