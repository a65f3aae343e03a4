import { describe, expect, test } from 'vitest';
import { compile } from '../../src/manifest/compile.ts';
import { registry } from '../../src/resources/registry.ts';
import { memoryFiles } from '../manifest/fixture.ts';

const targets = `targets:
  home: { type: vsphere, url: https://v, username: u, password: "\${secret('env:P')}" }
  dr: { type: aws, region: eu-west-1 }
`;

/** Each property stands on a line of its own: which ones have a mistake, and its code. */
async function mistakes(type: string, title: string, properties: Record<string, unknown>, windows = false) {
  const lines = Object.entries(properties).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`);
  const head = `converge: 1\n${targets}resources:\n  ${type}:\n    ${JSON.stringify(title)}:\n`;
  const { diagnostics } = await compile(['m.yaml'], {
    registry,
    files: memoryFiles({ 'm.yaml': `${head}${lines.join('\n')}\n` }),
    cwd: '/here',
    platform: windows ? 'win32' : 'linux',
    hostCwd: windows ? 'C:\\' : '/here',
  });
  const before = head.split('\n').length - 1;
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, at }) => [Object.keys(properties)[at!.line - before - 1] ?? 'title', code]);
}

const vm = { target: 'home', repository: 's3://abc/r', schedule: 'every 15 minutes' };

/** B12, B14: a value of the wrong form hides nothing that is wrong besides, whatever it was meant to be. */
describe('a mistake of form beside one of sense', () => {
  test.each<[string, string, Record<string, unknown>, [string, string][], boolean?]>([
    [
      'protected_vm',
      'dc02',
      { ...vm, rpo: '5m', windows: [{ from: '25:00', to: '03:00' }] },
      [
        ['windows', 'wrong-value'],
        ['rpo', 'rpo-too-short'],
      ],
    ],
    [
      'protected_vm',
      'dc02',
      {
        ...vm,
        windows: [{ days: ['sun'], from: '08:00', to: '09:00' }],
        window: { days: ['mon'], from: '08:00', to: '09:00' },
      },
      [['windows', 'windows-never-open']],
    ],
    [
      'protected_vm',
      'dc02',
      { ...vm, rpo: '1h', window: { from: '01:00', to: '02:00' } },
      [['rpo', 'rpo-too-short']],
    ],
    [
      'protected_vm',
      'dc02',
      { ...vm, schedule: 'every 30 hours', rpo: '31h', windows: [{ from: '22:00', to: '23:00' }] },
      [['rpo', 'rpo-too-short']],
    ],
    [
      'file',
      '/x',
      { content: 'a', source: 'b', mode: '99999' },
      [
        ['mode', 'wrong-value'],
        ['source', 'contradiction'],
      ],
    ],
    [
      'file',
      '/x',
      { content: 'a', source: 'b', mode: [] },
      [
        ['mode', 'wrong-kind'],
        ['source', 'contradiction'],
      ],
    ],
    [
      'file',
      '/x',
      { content: 'a', source: 'b', require: [['x']] },
      [
        ['require', 'wrong-kind'],
        ['source', 'contradiction'],
      ],
    ],
    [
      'file',
      '/x',
      { content: 'a', source: 'b', require: 'file:/nowhere' },
      [
        ['require', 'unknown-reference'],
        ['source', 'contradiction'],
      ],
    ],
    [
      'iis_app_pool',
      'P',
      { idle_timeout: '90s', periodic_restart: { schedule: ['03:30:15'] } },
      [
        ['periodic_restart', 'wrong-value'],
        ['idle_timeout', 'wrong-value'],
      ],
      true,
    ],
  ])('%s %s: %j', async (type, title, properties, expected, windows) => {
    expect(await mistakes(type, title, properties, windows)).toEqual(expected);
  });

  test('nothing is said of what depends on the value that is wrong', async () => {
    for (const schedule of ['every 15 minutess', [], 'every'])
      expect(await mistakes('protected_vm', 'dc02', { ...vm, schedule, rpo: '5m' })).toEqual([
        ['schedule', expect.stringMatching(/^wrong-(kind|value)$/)],
      ]);
    expect(await mistakes('file', '/x', { content: [], source: 'b' })).toEqual([['content', 'wrong-kind']]);
    expect(await mistakes('file', '/x', { contentt: 'a', sourc: 'b' })).toEqual([
      ['contentt', 'unknown-property'],
      ['sourc', 'unknown-property'],
    ]);
  });
});

/** Right as they stand; then one property after the other is spoiled in two ways. */
const right: [string, string, Record<string, unknown>, boolean?][] = [
  ['protected_vm', 'dc02', { ...vm, rpo: '1h', retention: { daily: '7d' }, timezone: 'Europe/Dublin' }],
  ['bucket', 'abc', { target: 'dr', versioning: true }],
  ['file', '/x', { content: 'a', mode: '0644' }],
  ['exec', 'e', { command: ['/bin/true'], creates: '/b', timeout: '1m' }],
  ['iis_app_pool', 'P', { managed_runtime_version: 'v4.0', idle_timeout: '20m', queue_length: 2000 }, true],
  [
    'iis_site',
    'S',
    { physical_path: 'C:\\a', bindings: [{ protocol: 'http', information: '*:80:a' }], id: 3 },
    true,
  ],
  ['registry_value', 'x', { key: 'HKLM\\SOFTWARE\\a', name: 'b', kind: 'dword', value: 3 }, true],
  ['service', 'Spooler', { startup: 'manual', state: 'running' }, true],
];

describe('one mistake is one error', () => {
  test.each(right)('%s', async (type, title, properties, windows) => {
    const asItIs = await mistakes(type, title, properties, windows);
    expect(asItIs).toEqual([]);
    for (const name of Object.keys(properties))
      for (const spoiled of [{ 'no such name': [] }, '!!', [[[]]]]) {
        const found = await mistakes(type, title, { ...properties, [name]: spoiled }, windows);
        expect(
          found.filter(([at, code]) => at !== name && code !== 'missing-property' && code !== 'no-target'),
          `${name}: ${JSON.stringify(spoiled)}`,
        ).toEqual([]);
      }
  });
});
