import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import jsqr from 'jsqr';
import { expect, test } from 'vitest';
import { kitHtml, kitText } from '../../src/app/repository/recovery-kit.ts';
import { nodeHost } from '../../src/io/node.ts';
import { createKey } from '../../src/replication/format/keys.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { cli, scratch } from '../support/cli.ts';
import { commitImage, openTest, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';

type Reader = (pixels: Uint8ClampedArray, width: number, height: number) => { data: string } | null;

/** What a camera reads of rows of modules, each of which is some pixels wide. */
function scanned(rows: boolean[][]): string | undefined {
  const [scale, side] = [4, rows.length * 4];
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      if (rows[Math.floor(y / scale)]![Math.floor(x / scale)])
        pixels.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3);
  return (jsqr as unknown as Reader)(pixels, side, side)?.data;
}

/** Of a dark terminal: what is drawn is light. */
function drawn(text: string): boolean[][] {
  const lines = text.split('\n').filter(line => /[█▀▄]/.test(line));
  return lines
    .flatMap(line => [
      Array.from(line, one => one !== '█' && one !== '▀'),
      Array.from(line, one => one !== '█' && one !== '▄'),
    ])
    .slice(0, lines[0]!.length);
}

function painted(html: string): boolean[][] {
  const side = Number(/viewBox="0 0 (\d+)/.exec(html)![1]);
  const rows = Array.from({ length: side }, () => Array<boolean>(side).fill(false));
  for (const [, x, y] of html.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) rows[Number(y)]![Number(x)] = true;
  return rows;
}

test('a recovery kit: as text, as HTML and on the terminal only when asked; its code is the key; then rotated', async () => {
  const dir = await scratch();
  const key = createKey(new SeededRandom('kit'));
  const next = createKey(new SeededRandom('next'));
  await writeFile(join(dir, 'key'), key.text);
  await writeFile(join(dir, 'next'), next.text);
  await writeFile(join(dir, 'third'), createKey(new SeededRandom('third')).text);
  const repository = await openTest(fileStore(join(dir, 'r'), nodeHost()), key);
  await commitImage(repository.vm(VM.uuid), new SeededRandom('image').bytes(512));
  const url = `file://${dir}/r`;
  const kit = (...more: string[]) => cli(dir, ['key', 'export', '--key', 'file:key', ...more]);

  for (const file of ['kit.html', 'kit.txt']) {
    const made = await kit('--repository', url, '--to', file);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toBe(`recovery kit of key ${key.id} written to ${file}\n`);
    expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
    const text = await readFile(join(dir, file), 'utf8');
    for (const said of [key.text, key.id, url, repository.id]) expect(text).toContain(said);
    expect(scanned(file === 'kit.txt' ? drawn(text) : painted(text))).toBe(key.text);
  }
  expect((await kit('--to', 'kit.txt')).stderr).toContain('exists already');
  const silent = await kit();
  expect(silent).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--show') });
  expect(scanned(drawn((await kit('--show')).stdout))).toBe(key.text);

  const rotate = ['key', 'rotate', '--repository', url, '--key', 'file:key', '--new-key', 'file:next'];
  const kept = await cli(dir, [...rotate, '--keep-old']);
  expect(kept.stdout).toContain(`${url} is opened by key ${next.id}, and still by ${key.id}\n`);
  // Run again after it was done, as by somebody who wasn't told, it says the same.
  for (let n = 0; n < 2; n++)
    expect(await cli(dir, rotate)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        new RegExp(`opened by key ${next.id}, and no more by ${key.id}\\n.*those of ${key.id} open nothing`),
      ),
    });
  const neither = await cli(dir, [...rotate.slice(0, -1), 'file:third']);
  expect(neither).toMatchObject({ code: 4, stderr: expect.stringContaining(`needs key ${next.id}`) });
  // A kit of a key that opens nothing any more is not made.
  const stale = await kit('--repository', url, '--to', 'stale.html');
  expect(stale).toMatchObject({ code: 4, stderr: expect.stringContaining('wrong-key') });
  for (const { stdout, stderr } of [kept, stale])
    expect(stdout + stderr).not.toContain(key.text.slice(13, 30));
  expect((await cli(dir, ['points', '--repository', url, '--key', 'file:next'])).stdout).toContain(VM.name);
});

test('a kit says where its bucket is, as far as anybody said', () => {
  const kit = { key: createKey(new SeededRandom('kit')).text, id: 'a1b2c3d4', at: 0 };
  const repository = { url: 's3://b/dr', id: 'f'.repeat(32), region: 'eu-west-1' };
  for (const print of [kitText, kitHtml]) {
    const text = print({ ...kit, repository: { ...repository, endpoint: 'https://s3.example.com' } });
    expect(text).toContain(
      '--repository s3://b/dr --region eu-west-1 --endpoint https://s3.example.com --key',
    );
    expect(print({ ...kit, repository })).toContain('--repository s3://b/dr --region eu-west-1 --key');
    expect(print(kit)).toContain('--repository s3://BUCKET/PREFIX --region REGION --key');
  }
});
