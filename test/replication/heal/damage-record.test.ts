import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterHealing,
  afterLook,
  type DamagedObject,
  type DamageRecord,
  doubtAll,
  doubtsOf,
  isBroken,
  isPending,
  pendingOf,
} from '../../../src/replication/model/damage-record.ts';

const pack = (n: number) => `${n}${n}`.repeat(16);
const name = (n: number) => `packs/${pack(n).slice(0, 2)}/${pack(n)}`;
const objects = fc.uniqueArray(
  fc.record(
    {
      object: fc.nat({ max: 6 }).map(name),
      why: fc.constantFrom('missing' as const, 'damaged' as const),
      sections: fc.uniqueArray(fc.nat({ max: 5 })),
      places: fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 3 }))),
      since: fc.constant(0),
    },
    { requiredKeys: ['object', 'why', 'since'] },
  ),
  { selector: ({ object }) => object },
);
const point = (generation: number) => ({ generation, id: String(generation).padStart(32, '0') });
const records = fc.record({ objects, broken: fc.uniqueArray(fc.integer({ min: 1, max: 9 })) }).map(
  ({ objects, broken }): DamageRecord => ({
    damage: 1,
    objects: objects as DamagedObject[],
    broken: broken.sort((a, b) => a - b).map(point),
  }),
);

test('a look at everything leaves what it found, and nothing else', () => {
  fc.assert(
    fc.property(fc.option(records, { nil: undefined }), records, (before, found) => {
      const after = afterLook(before, found, () => true, 5);
      expect(after.objects.map(({ object }) => object)).toEqual(found.objects.map(o => o.object).sort());
      expect(after.broken).toEqual(found.broken);
    }),
  );
});

test('what was not looked at stays as it was known', () => {
  fc.assert(
    fc.property(records, records, fc.nat({ max: 6 }), (before, found, n) => {
      const after = afterLook(before, found, object => object !== name(n), 5);
      const known = before.objects.find(({ object }) => object === name(n));
      if (known) expect(after.objects.map(({ object }) => object)).toContain(known.object);
    }),
  );
});

test('what a cycle has attended to is not due again, unless there is more of it', () => {
  fc.assert(
    fc.property(records, record => {
      const healed = afterHealing(record, 7, []);
      expect(isPending(healed)).toBe(false);
      expect(isPending(afterLook(healed, record, () => true, 9))).toBe(false);
      for (const one of record.objects) {
        if (one.sections === undefined) continue;
        const more = { ...one, sections: [...one.sections, 99] };
        const again = afterLook(healed, { ...record, objects: [more] }, () => true, 9);
        expect(pendingOf(again).map(({ object }) => object)).toEqual([one.object]);
      }
    }),
  );
});

test('doubts take belief away from what is recorded, and from nothing else', () => {
  fc.assert(
    fc.property(records, fc.nat({ max: 8 }), fc.nat({ max: 8 }), (record, n, offset) => {
      const doubts = doubtsOf(record.objects);
      const known = record.objects.find(({ object }) => object === name(n));
      const bad = known !== undefined && (known.sections === undefined || known.sections.includes(offset));
      expect(doubts.block({ pack: pack(n), offset, length: 1 })).toBe(bad);
      expect(doubtAll(record).block({ pack: pack(n), offset, length: 1 })).toBe(true);
      for (const [disk, page] of known?.places ?? []) expect(doubts.page(disk, page)).toBe(true);
      if (known && known.places === undefined) expect(doubts.page(77, 77)).toBe(true);
    }),
  );
});

test('a broken point is known by its id', () => {
  fc.assert(
    fc.property(records, fc.integer({ min: 1, max: 9 }), (record, n) => {
      expect(isBroken(record, point(n))).toBe(record.broken.some(({ generation }) => generation === n));
      expect(isBroken(undefined, point(n))).toBe(false);
    }),
  );
});
