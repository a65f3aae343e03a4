import fc from 'fast-check';
import { expect, test } from 'vitest';
import { folded } from '../../src/diagnostics/fold-lines.ts';
import { span, textOf } from '../../src/diagnostics/lines.ts';
import { textWidth } from '../../src/diagnostics/text-width.ts';

test('a line is broken between words, and what follows stands further in', () => {
  expect(textOf(folded(['  calls: home 12 (2 retried), dr 400'], 20))).toBe(
    '  calls: home 12 (2\n    retried), dr 400\n',
  );
});

test('styles stay with their words', () => {
  expect(folded([[span('red', 'one two'), ' three']], 8)).toEqual([
    [{ text: 'one two', style: 'red' }],
    ['  ', { text: 'three' }],
  ]);
});

test('whatever the text: no word is lost or broken, and only one that is too long goes over the edge', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), fc.integer({ min: 10, max: 90 }), (words, width) => {
      const line = words.join(' ');
      const text = textOf(folded([line], width));
      expect(text.split(/\s+/).filter(Boolean)).toEqual(textOf([line]).split(/\s+/).filter(Boolean));
      for (const one of text.split('\n'))
        expect(textWidth(one) <= width || !one.trim().includes(' '), `${width}: ${one}`).toBe(true);
    }),
  );
});
