import { expect, it } from 'vitest';
import { compileFiles, compileText } from './fixture.ts';

const meta = async (text: string) => {
  const { catalog, diagnostics } = await compileText(`resources:\n  note:\n    n: { ${text} }`);
  return { meta: catalog.resources[0]?.meta, said: diagnostics.map(({ message }) => message) };
};

it('protect and window are read, times as they are written', async () => {
  const text = 'protect: true, window: { days: [sat, sun], from: 01:00, to: 05:30, timezone: Europe/Dublin }';
  expect(await meta(text)).toMatchObject({
    said: [],
    meta: {
      protect: true,
      window: { days: ['sat', 'sun'], from: '01:00', to: '05:30', timezone: 'Europe/Dublin' },
    },
  });
  expect((await meta('protect: false')).meta).not.toHaveProperty('protect');
});

it.each([
  ['window: at night', '`window`: expected a map of properties, found the text `at night`'],
  ["window: { from: '01:00' }", '`window`: the property `to` is missing'],
  [
    "window: { from: '1:00', to: '05:00' }",
    '`from`: expected a time of day such as 01:30, found the text `1:00`',
  ],
  [
    "window: { from: '24:00', to: '05:00' }",
    '`from`: expected a time of day such as 01:30, found the text `24:00`',
  ],
  [
    "window: { from: '01:00', to: '05:00', timezone: Europe/Dubln }",
    '`timezone`: expected a time zone such as Europe/Dublin, found the text `Europe/Dubln`',
  ],
  ["window: { from: '01:00', to: '05:00', days: [] }", '`days`: the window would never open'],
  ['protect: maybe', '`protect`: expected true or false, found the text `maybe`'],
])('%s is one mistake', async (text, message) => {
  expect((await meta(text)).said).toEqual([message]);
});

it('a wrong day is a mistake that lists the right ones', async () => {
  const { said } = await meta("window: { from: '01:00', to: '05:00', days: [saturday] }");
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/expected one of `sun`, `mon`/);
});

it('of several policies the strictest limits hold', async () => {
  const { catalog, diagnostics } = await compileFiles({
    'a.yaml': 'converge: 1\npolicy: { max_changes: 9, max_deletes: 2 }',
    'b.yaml': 'converge: 1\npolicy: { max_changes: 20, max_deletes: 0 }',
  });
  expect(diagnostics).toEqual([]);
  expect(catalog.policy).toEqual({ max_changes: 9, max_deletes: 0 });
  expect((await compileText('policy: {}')).catalog.policy).toEqual({});
  expect((await compileText('resources: {}')).catalog).not.toHaveProperty('policy');
});

it.each([
  ['policy: 3', '`policy`: expected a map of properties, found the text `3`'],
  ['policy: { max_change: 3 }', '`policy` has no property `max_change`'],
  ['policy: { max_changes: many }', '`max_changes`: expected an integer such as 3, found the text `many`'],
  ['policy: { max_deletes: -1 }', '`max_deletes`: expected at least 0'],
])('%s is one error', async (text, message) => {
  const { diagnostics } = await compileText(text);
  expect(diagnostics.map(diagnostic => diagnostic.message)).toEqual([message]);
});
