import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/io/duration.ts';
import { typeSchema } from '../../src/manifest/language-schema.ts';
import { checkFormat, formatPatterns } from '../../src/manifest/values/formats.ts';
import { registry } from '../../src/resources/registry.ts';
import { parseSchedule } from '../../src/schedule/schedule.ts';
import { editorCases } from '../support/editor-cases.ts';

const schemas = new URL('../../schemas/', import.meta.url);
const read = async (name: string) =>
  JSON.parse(await readFile(new URL(`${name}.schema.json`, schemas), 'utf8'));

/** As strict as it can be, and with the formats of the standard: what an editor or a CI step may bring. */
function foreign(): Ajv {
  const ajv = new Ajv({ strict: true, strictTypes: true, allowUnionTypes: true });
  addFormats.default(ajv);
  return ajv;
}

describe('a strict validator with the formats of the standard', async () => {
  const ajv = foreign();
  ajv.addSchema(await read('manifest'), 'manifest.schema.json');
  ajv.addSchema(await read('module'), 'module.schema.json');

  test.each(await editorCases())('$schema: $name', ({ schema, document, fits }) => {
    const validate = ajv.getSchema(`${schema}.schema.json`)!;
    expect(validate(document), JSON.stringify(validate.errors)).toBe(fits);
  });

  test('the schema of plans, and that of each type by itself', async () => {
    expect(foreign().compile(await read('plan'))).toBeTypeOf('function');
    for (const type of registry.types.values())
      expect(foreign().compile(typeSchema(type)), type.name).toBeTypeOf('function');
  });
});

test('no schema has a word of our own, or a pattern that only some engines know', async () => {
  const found: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key.startsWith('x-') && !path.endsWith('/properties')) found.push(`${path}/${key}`);
      if (key === 'pattern' && typeof value === 'string' && /\(\?[^:]|\\[1-9kpP]/.test(value))
        found.push(`${path}/pattern ${value}`);
      walk(value, `${path}/${key}`);
    }
  };
  for (const name of ['manifest', 'module', 'plan']) walk(await read(name), name);
  for (const type of registry.types.values()) walk(JSON.parse(JSON.stringify(typeSchema(type))), type.name);
  expect(found).toEqual([]);
});

describe('what an editor takes for our formats', () => {
  const takes = (format: string, text: string) => new RegExp(formatPatterns.get(format)!, 'u').test(text);
  const unit = fc.constantFrom(
    ...'w week weeks d day days h hour hours m min minute minutes'.split(' '),
    's',
    'sec',
    'Second',
    'SECONDS',
    'fortnight',
    'ms',
  );
  const part = fc.tuple(
    fc.constantFrom('', '0', '1', '15', '1234567890', '1.5', '-1'),
    fc.constantFrom('', ' ', '  '),
    unit,
  );
  const text = fc
    .tuple(
      fc.constantFrom('', ' ', 'every ', 'EVERY  ', 'every'),
      fc.array(
        part.map(words => words.join('')),
        { maxLength: 4 },
      ),
      fc.constantFrom('', ' '),
    )
    .map(([every, parts, gap]) => every + parts.join(gap));

  test('durations are those that manifests take, no more and no less', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), value => {
        expect(takes('duration', value), value).toBe(parseDuration(value) !== undefined);
      }),
      { numRuns: 3000 },
    );
  });

  test('schedules too, but that an editor may take one of no length', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), value => {
        if (!takes('schedule', value)) expect(parseSchedule(value), value).toBeUndefined();
        else if (/[1-9]/.test(value)) expect(parseSchedule(value), value).toBeDefined();
      }),
      { numRuns: 3000 },
    );
  });

  test.each(['UTC', 'Europe/Dublin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'GMT'])(
    '%s is a time zone',
    zone => {
      expect(takes('timezone', zone)).toBe(true);
      expect(checkFormat('timezone', zone)).toBeUndefined();
    },
  );
  test.each(['Europe / Dublin', '2am', ''])('%s is none', zone => {
    expect(takes('timezone', zone)).toBe(false);
  });
});
