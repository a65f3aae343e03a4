import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { valueSchema } from '../../src/manifest/schema/json-schema.ts';
import { choose } from '../../src/manifest/values/choose-branch.ts';

const closed = { additionalProperties: false };
const branches =
  valueSchema(
    Type.Union([
      Type.Object({ type: Type.Literal('disk'), size: Type.Integer() }, closed),
      Type.Object({ type: Type.Literal('tape'), size: Type.Integer() }, closed),
      Type.Object({ url: Type.String(), key: Type.String() }, closed),
      Type.Array(Type.String()),
      Type.Integer(),
      Type.Boolean(),
      Type.Union([Type.Literal('auto'), Type.Literal('none')]),
      Type.String({ 'x-secret': true }),
      Type.String(),
    ]),
  ).anyOf ?? [];
const which = (text: string, of = branches) =>
  choose(of, parseDocument(text, { schema: 'failsafe' }).contents);

describe('the branch of a union', () => {
  it.each([
    ['{ type: disk }', 0],
    ['{ size: 3, type: tape }', 1],
    ['{ size: 3 }', 0],
    ['{ key: x, other: y }', 2],
    ['[ a ]', 3],
    ['12', 4],
    ['true', 5],
    ['auto', 6],
    ["${secret('env:X')}", 7],
    ['text', 8],
    ["'12'", 8],
    ['0644', 8],
    ['${other}', 8],
  ])('for %s is number %i', (text, index) => {
    expect(branches).toHaveLength(9);
    expect(which(text)).toBe(index);
  });

  it('is the constants or the secret when no text fits, and none when nothing does', () => {
    const narrow = [branches[6]!, branches[0]!];
    expect(which('aut', narrow)).toBe(0);
    expect(which('literal', [branches[7]!, branches[0]!])).toBe(0);
    expect(which('[ a ]', narrow)).toBeUndefined();
    expect(which('{ a: b }', [branches[4]!])).toBeUndefined();
    expect(choose(narrow, null)).toBeUndefined();
  });
});
