import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textWidth } from '../../src/diagnostics/text-width.ts';
import { cli, scratch } from '../support/cli.ts';

async function folder() {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), 'converge: 1\nresources: { file: { new.txt: { content: x } } }\n');
  await writeFile(join(dir, 'bad.yaml'), 'converge: 1\nresources: { fil: {} }\n');
  return dir;
}

describe('colours', () => {
  test.each<[Record<string, string>, number | undefined, boolean]>([
    [{}, 100, true],
    [{}, undefined, false],
    [{ NO_COLOR: '1' }, 100, false],
    [{ NO_COLOR: '' }, 100, true],
    [{ TERM: 'dumb' }, 100, false],
    [{ FORCE_COLOR: '1' }, undefined, true],
    [{ FORCE_COLOR: '' }, undefined, true],
    [{ FORCE_COLOR: '0' }, 100, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' }, undefined, true],
  ])('%j, terminal of %s columns: %s', async (env, columns, expected) => {
    const dir = await folder();
    const options = { env, ...(columns !== undefined && { columns }) };
    const good = await cli(dir, ['plan', 'm.yaml'], options);
    expect(good.stdout.includes('\u001b['), good.stdout).toBe(expected);
    const bad = await cli(dir, ['plan', 'bad.yaml'], options);
    expect(bad.stderr.includes('\u001b['), bad.stderr).toBe(expected);
  });
});

describe('40 columns', () => {
  const columns = 40;

  test.each([
    ['a tab before it', `\t\t\tkey:\t{ sise: 1 }`],
    ['a long line', `${' '.repeat(4)}k: { text: "${'x'.repeat(200)}", sise: 1, mode: "${'y'.repeat(200)}" }`],
    ['wide characters', '    "漢字かな": { text: "日本語日本語日本語日本語日本語", sise: 1 }'],
    ['an emoji', '    k: { text: "🚀🚀🚀", sise: 1 }'],
  ])('the caret is below the mistake after %s', async (_, line) => {
    const dir = await scratch();
    // Tabs indent nothing in YAML, so that line hangs in a flow map.
    const text = line.includes('\t')
      ? `converge: 1\nresources: { file: { x: {\n${line} } } }\n`
      : `converge: 1\nresources:\n  file:\n${line}\n`;
    await writeFile(join(dir, 'm.yaml'), text);
    const { code, stderr } = await cli(dir, ['validate', 'm.yaml'], { columns, env: { NO_COLOR: '1' } });
    expect(code).toBe(1);
    const lines = stderr.split('\n');
    const carets = lines.flatMap((one, i) => (/^ *\| +\^+$/.test(one) ? [i] : []));
    expect(carets.length, stderr).toBeGreaterThan(0);
    const below = carets.map(at => {
      const [source, caret] = [lines[at - 1]!, lines[at]!];
      expect(textWidth(source), source).toBeLessThanOrEqual(columns);
      expect(textWidth(caret), caret).toBeLessThanOrEqual(columns);
      return marked(source, caret);
    });
    expect(
      below.some(text => text.startsWith('sise') || text === 'k'),
      stderr,
    ).toBe(true);
  });

  /** What of the line is above the carets, by columns. */
  function marked(source: string, caret: string): string {
    const start = caret.indexOf('^');
    const end = caret.lastIndexOf('^') + 1;
    let [text, column] = ['', 0];
    for (const character of source) {
      if (column >= start && column < end) text += character;
      column += textWidth(character);
    }
    return text;
  }

  test('a plan, observations and points fit', async () => {
    const dir = await scratch();
    await cli(dir, ['init', '--lab']);
    const lab = ['--lab', join(dir, 'lab')];
    const options = { columns, env: { NO_COLOR: '1', CI: '1' } };
    const repository = ['--repository', 's3://gdh-vm-replication/dr'];
    for (const args of [
      ['plan', 'manifests'],
      ['apply', 'manifests'],
      ['observe', 'manifests'],
      ['points', ...repository],
      ['plan', 'manifests'],
    ]) {
      const { code, stdout } = await cli(dir, [...args, ...lab], options);
      expect(code).toBe(0);
      const [plan] = stdout.split('Applied:');
      for (const line of plan!.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
    }
  });
});
