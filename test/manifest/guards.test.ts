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

it('timeout and retry are read, in milliseconds', async () => {
  expect(await meta('timeout: 10 minutes, retry: 3')).toMatchObject({
    said: [],
    meta: { timeout: 600_000, retry: { attempts: 3 } },
  });
  expect((await meta('retry: { attempts: 0, wait: 1m30s }')).meta?.retry).toEqual({
    attempts: 0,
    wait: 90_000,
  });
  const { meta: none } = await meta('noop: true');
  expect(none).not.toHaveProperty('timeout');
  expect(none).not.toHaveProperty('retry');
});

it.each([
  ['timeout: 10', '`timeout`: expected a duration such as 15m or 1h30m, found the text `10`'],
  ['timeout: 0s', '`timeout`: nothing would ever be done in no time'],
  ['retry: -1', '`retry`: expected 0 to 20'],
  ['retry: { attempts: 21 }', '`attempts`: expected 0 to 20'],
  ['retry: { wait: 5s }', '`retry`: the property `attempts` is missing'],
  [
    'retry: { attempts: 2, wait: soon }',
    '`wait`: expected a duration such as 15m or 1h30m, found the text `soon`',
  ],
  ['retry: 1.5', '`retry`: expected an integer such as 3 or a map of properties, found the text `1.5`'],
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
