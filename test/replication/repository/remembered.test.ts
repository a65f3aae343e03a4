import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remembered } from '../../../src/replication/repository/write/remembered.ts';

test('the last so many keys are remembered, each by the value that it had last', () => {
  const step = fc.tuple(fc.nat({ max: 12 }), fc.nat());
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (most, steps) => {
      const one = remembered<number>(most);
      let model: [string, number][] = [];
      for (const [n, value] of steps) {
        const key = `key ${n}`;
        one.set(key, value);
        const isThere = model.some(([other]) => other === key);
        model = isThere
          ? model.map(([other, old]) => [other, other === key ? value : old])
          : [...model, [key, value] as [string, number]].slice(-most);
        for (let other = 0; other <= 12; other++)
          expect(one.get(`key ${other}`)).toBe(new Map(model).get(`key ${other}`));
      }
    }),
  );
});
