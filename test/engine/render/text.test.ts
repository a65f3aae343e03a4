import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { textOf } from '../../../src/diagnostics/lines.ts';
import { textWidth } from '../../../src/diagnostics/text-width.ts';
import { renderText } from '../../../src/engine/render/render-plan.ts';
import { everything, planOf, planned as resource } from '../../support/plans.ts';

const planText = (...args: Parameters<typeof renderText>): string => textOf(renderText(...args));

test('changes with their places and values, and one line of sums', () => {
  const text = planText(
    planOf(
      resource('bucket:gdh-vm-replication', 12, {
        action: 'create',
        fields: [
          { path: '/lifecycle/0/days', after: 7 },
          { path: '/versioning', after: true },
        ],
      }),
      resource('protected_vm:dc02', 20, {
        action: 'update',
        fields: [
          { path: '/point', before: 'due', after: 'newest', reason: 'after bucket:gdh-vm-replication' },
        ],
      }),
      resource('file:/old', 30, { action: 'delete', noop: true }),
      resource('exec:restart', 31, { action: 'refresh', reason: 'after file:/old' }),
      resource('file:/same', 40, {}),
    ),
  );
  expect(text).toBe(
    `  + create  bucket:gdh-vm-replication  manifests/lab/dr.yaml:12
      lifecycle.0.days  7
      versioning        true
  ~ update  protected_vm:dc02          manifests/lab/dr.yaml:20
      point  due -> newest  (after bucket:gdh-vm-replication)
  - delete  file:/old                  manifests/lab/dr.yaml:30
      (noop)
  * refresh exec:restart               manifests/lab/dr.yaml:31
      (after file:/old)
Plan: 1 to create, 1 to update, 1 to delete, 1 to refresh, 1 in sync.   digest 7f3a9c21
`,
  );
});

test('a plan with one of everything', async () => {
  await expect(planText(everything())).toMatchFileSnapshot('text.golden.txt');
});

test.each([40, 60, 80])(
  'no line is wider than a terminal of %i columns, and nothing is lost but the ends of values',
  columns => {
    const plan = planOf(
      resource('bucket:gdh-vm-replication', 12, {
        action: 'create',
        reason: 'after something with a long name that has to be told in more than one line',
        fields: [
          { path: '/lifecycle/abort_incomplete_uploads', after: '7d' },
          { path: '/versioning', before: false, after: true, grade: 'strengthens', reason: 'because of it' },
        ],
      }),
      resource('file:/srv/日本語/名前', 2, {
        action: 'update',
        fields: [{ path: '/content', before: '漢字'.repeat(40), after: 'y'.repeat(200) }],
      }),
    );
    const text = planText(plan, { columns });
    for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
    const flat = text.replace(/\s+/g, ' ');
    for (const part of [
      '+ create bucket:gdh-vm-replication manifests/lab/dr.yaml:12',
      'that has to be told in more than one line)',
      'lifecycle.abort_incomplete_uploads 7d',
      '(because of it) (strengthens)',
      'file:/srv/日本語/名前 manifests/lab/dr.yaml:2',
      'digest 7f3a9c21',
    ])
      expect(flat).toContain(part);
    expect(flat).toMatch(/漢字.*\.\.\. -> yyy+\.\.\./);
  },
);

test('a plan that goes to a file is not folded', () => {
  const reason = 'word '.repeat(60).trim();
  expect(planText(planOf(resource('a:b', 1, { action: 'create', reason })))).toContain(`(${reason})`);
});

test('nothing to do is one line', () => {
  expect(planText(planOf(resource('file:/a', 1, {}), resource('file:/b', 2, {})))).toBe(
    'Nothing to do: 2 in sync.   digest 7f3a9c21\n',
  );
});

test('secrets are named, never shown', () => {
  const text = planText(
    planOf(
      resource('x:y', 1, {
        action: 'update',
        fields: [
          { path: '/a', before: 'other', after: { $secret: 'env:TOKEN' } },
          { path: '/b', after: [{ key: { $secret: 'file:/k' } }] },
        ],
      }),
    ),
  );
  expect(text).toContain('other -> (secret env:TOKEN)');
  expect(text).toContain('(none) -> [{"key":"(secret file:/k)"}]');
});

test('long values are clipped to a narrow terminal, and nothing observed moves the cursor', () => {
  const fields = [{ path: '/text', before: 'x'.repeat(500), after: '\u001b[31mred\nnext' }];
  const text = planText(planOf(resource('file:/a\u001b[2J', 1, { action: 'update', fields })), {
    columns: 60,
  });
  for (const line of text.split('\n').slice(1, -2)) expect(line.length).toBeLessThanOrEqual(60);
  expect(text).toContain('...');
  expect(text).not.toContain('\u001b');
});

test('colour is there when asked for, and only colour is added', () => {
  const plan = planOf(resource('file:/a', 1, { action: 'create', fields: [{ path: '/x', after: 1 }] }));
  const coloured = textOf(renderText(plan), { color: true });
  expect(coloured).toContain('\u001b[32m');
  expect(stripVTControlCharacters(coloured)).toBe(planText(plan));
});

test('nothing that was declared or observed steers the terminal or turns the text around', () => {
  const bad = 'x\u001b[2J\u009b1m\u202ey\u2066\u007f';
  const text = planText(
    planOf(
      resource(`thing:${bad}`, 3, {
        action: 'update',
        reason: bad,
        at: { file: bad, line: 1, column: 1 },
        fields: [
          { path: `/${bad}`, before: bad, after: [bad], reason: bad },
          { path: '/s', after: { $secret: `env:${bad}` } },
        ],
      }),
    ),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
});

test('a list that a line has no room for is told item by item: what leaves it and what comes', () => {
  const item = (n: number) => `tcp ${n} from 203.0.113.0/24`;
  const list = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => item(from + n));
  const shown = (action: 'create' | 'update', before: string[] | undefined, after: string[]) =>
    planText(
      planOf(
        resource('security_group:web', 12, {
          action,
          fields: [{ path: '/ingress', ...(before && { before }), after }],
        }),
      ),
      { columns: 80 },
    );
  const update = shown('update', list(10, 16), [...list(11, 17), item(12)]);
  expect(update).toContain('ingress  6 items -> 7 items\n');
  expect(update).toContain(`- ${item(10)}\n          + ${item(16)}\n          + ${item(12)}\nPlan`);
  expect(shown('create', undefined, list(10, 14))).toContain(`ingress  4 items\n          + ${item(10)}\n`);
  expect(shown('update', list(10, 16), list(10, 16).toReversed())).toContain('in another order\nPlan');
  expect(shown('create', undefined, list(10, 60))).toContain('and 10 more\nPlan');
  expect(shown('create', undefined, list(10, 11))).toContain(`ingress  ["${item(10)}"]\nPlan`);
});
