import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const page = join(import.meta.dirname, '../../docs/walk-through.md');

/** What differs from run to run, and from machine to machine. */
const settled = (text: string): string =>
  text
    .replace(/\d+(\.\d+)? m?s$/gm, 'N s')
    .replace(/^( {2}calls:).*$/gm, '$1')
    .replace(/[\d.]+ (B|KiB) uploaded/g, 'N uploaded');

/** What a person would look at: what was asked for, and without that, or when it fails, what was said. */
function shown({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): string {
  const said = stderr.replace(/^lab in .*\n/gm, '').replace(/^\S+: (create|update|changed).*\n/gm, '');
  const text = stdout + (stdout === '' || code !== 0 ? said : '');
  return `${text}${code === 0 ? '' : `[exit code ${code}]\n`}`;
}

/**
 * Runs the commands of one block; what was printed before stays where only what is never the same differs.
 */
async function played(dir: string, block: string, approved: { digest: string }): Promise<string> {
  let text = '';
  for (const part of block.split(/^\$ /m).slice(1)) {
    const [line, ...rest] = part.split('\n');
    const typed = line!.replace(/--digest \S+/, `--digest ${approved.digest}`);
    const result = await cli(dir, typed.split(' ').slice(1));
    const now = shown(result);
    const before = rest.join('\n');
    approved.digest =
      /digest `?([0-9a-f]{8})/.exec(result.code === 0 ? result.stdout : '')?.[1] ?? approved.digest;
    text += `$ ${typed}\n${settled(now) === settled(before) ? before : now}`;
  }
  return text;
}

/** `npx vitest run test/cli/walk-through.test.ts -u` writes what is printed now. */
test('the walk through: every command does what the page shows', async () => {
  const dir = await scratch();
  const text = await readFile(page, 'utf8');
  const approved = { digest: 'DIGEST' };
  let walked = '';
  for (const part of text.split(/(?=^```)/m)) {
    const [, kind, body] = /^```(\w+)\n([\s\S]*)$/.exec(part) ?? [];
    if (kind === 'console') walked += `\`\`\`console\n${await played(dir, body!, approved)}`;
    else walked += part;
    if (kind !== 'yaml') continue;
    const file = join(dir, /^# (\S+)\n/.exec(body!)![1]!);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, body!);
  }
  const said = ['--observed observed.json', '[exit code 8]', 'a second plan is empty'];
  expect(said.filter(one => !walked.includes(one))).toEqual([]);
  await expect(walked).toMatchFileSnapshot(page);
});
