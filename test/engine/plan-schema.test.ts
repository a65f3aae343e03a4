import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { planJson } from '../../src/engine/plan/plan-json.ts';
import { planSchema } from '../../src/engine/plan/plan-schema.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, declare, refs, testRun, things } from '../support/engine-world.ts';

const schemaFile = new URL('../../schemas/plan.schema.json', import.meta.url);

test('schemas/plan.schema.json is fresh (else: npm run generate)', async () => {
  expect(JSON.parse(await readFile(schemaFile, 'utf8'))).toEqual(JSON.parse(JSON.stringify(planSchema)));
});

test('a plan is what the schema says, and nothing else', async () => {
  const all = things();
  all.objects.set('b', { size: 1 }).set('c', {});
  all.onObserve = id => (id === 'd' ? { state: 'unknown', waitsFor: 'iis' } : undefined);
  const window = { days: ['mon'], from: '01:00', to: '02:00', timezone: 'Europe/Dublin' };
  const target = { name: 'dr', type: 'aws', properties: { region: 'x' }, at: declare('thing:x').at };
  const made = await plan(
    catalogOf(
      [
        declare('thing:a', { password: { $secret: 'env:X' } }, { notify: refs('thing:b') }),
        declare('thing:b', { size: 2 }, { labels: ['x'], protect: true, window }),
        declare('thing:c', {}, { ensure: 'absent', noop: true }),
        declare('thing:d'),
      ],
      [target],
    ),
    testRun([all.type]),
    { engine: '1.0.0' },
  );
  expect(made.diagnostics).not.toEqual([]);
  const schema = JSON.parse(await readFile(schemaFile, 'utf8'));
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  const file = JSON.parse(planJson(made));
  expect(validate(file) || validate.errors).toBe(true);
  expect(validate({ ...file, more: 1 })).toBe(false);
  const [first, ...rest] = file.resources;
  expect(validate({ ...file, resources: [{ ...first, action: 'explode' }, ...rest] })).toBe(false);
});
