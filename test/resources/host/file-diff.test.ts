import { expect, test } from 'vitest';
import { textOf } from '../../../src/diagnostics/lines.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { renderMarkdown } from '../../../src/engine/render/markdown.ts';
import { renderText } from '../../../src/engine/render/render-plan.ts';
import { file } from '../../../src/resources/host/file.ts';
import { converge } from '../../support/converge.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';

const before = 'one\ntwo\nthree\nfour\nfive\nsix\n';
const after = before.replace('four', '4');

/** A plan of a file with `content` where `is` lies already. */
async function planned(is: string | Buffer, content: string, { mode = 0o644, meta = {} } = {}) {
  const world = testWorld({ host: folderHost().host });
  await world.host.files.writeAtomic('/f', Buffer.from(is), { mode });
  const made = await plan(catalogOf([declare('file:/f', { content, ...meta })]), testRun([file], world), {
    engine: '1',
  });
  return { made, field: made.resources[0]!.fields.find(({ path }) => path === '/content') };
}

test('B16: a changed line is shown as a diff in every rendering, and is not part of the digest', async () => {
  const { made, field } = await planned(before, after);
  expect(field!.diff).toBe('@@ -2,5 +2,5 @@\n two\n three\n-four\n+4\n five\n six');
  expect(textOf(renderText(made))).toContain('\n          -four\n          +4\n');
  expect(renderMarkdown(made)).toContain('\n-four\n+4\n     five\n');
  const { made: again } = await planned(before, after);
  expect(again.digest).toBe(made.digest);
});

test('a long diff and long lines are cut', async () => {
  const lines = (mark: string) =>
    Array.from({ length: 100 }, (_, i) => `${mark}${i}${'x'.repeat(300)}\n`).join('');
  const { field } = await planned(lines('a'), lines('b'));
  expect(field!.diff!.length).toBeLessThan(8000);
  expect(field!.diff).toMatch(/\.\.\. \d+ lines more$/);
});

test('what may be secret, and what is not text, is shown as digests alone', async () => {
  expect((await planned(before, after, { mode: 0o600 })).field!.diff).toBeUndefined();
  expect((await planned(before, after, { meta: { mode: '0640' } })).field!.diff).toBeUndefined();
  expect((await planned(Buffer.from([0, 1, 2]), after)).field!.diff).toBeUndefined();
  expect((await planned(Buffer.from([0xff, 0xfe, 0x41]), after)).field!.diff).toBeUndefined();
  expect((await planned('x'.repeat(70_000), after)).field!.diff).toBeUndefined();
  const named = await planned(`${before}db_password=hunter2\n`, after);
  expect(named.field!.diff).toContain('-(a line that names a secret)');
  expect(JSON.stringify(named.made)).not.toContain('hunter2');
});

test('a file that held a secret of ours is not shown, whoever may read it now', async () => {
  const world = testWorld({ host: folderHost().host });
  world.secrets['env:S'] = 'first line\nof a secret\n';
  await converge([file], world, [declare('file:/f', { content: { $secret: 'env:S' }, mode: '0644' })]);
  const { fields } = await converge([file], world, [
    declare('file:/f', { content: 'plain\n', mode: '0644' }),
  ]);
  expect(fields[0]).toMatchObject({ path: '/content' });
  expect(fields[0]!.diff).toBeUndefined();
});

test('a fence inside a text does not end that of the Markdown', async () => {
  const { made } = await planned('a\n```\n<b>x</b>\n', 'b\n```\n<b>x</b>\n');
  expect(renderMarkdown(made).match(/^ {0,3}```/gm)).toHaveLength(2);
});
