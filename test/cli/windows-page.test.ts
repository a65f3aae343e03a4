import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { registry } from '../../src/resources/registry.ts';
import { cli, scratch } from '../support/cli.ts';

const root = resolve(import.meta.dirname, '../..');
const page = (name: string) => readFile(join(root, name), 'utf8');
const onHost = [...registry.types.values()].filter(({ runs }) => runs.on === 'host');

test.each(['README.md', 'docs/windows.md'])('what %s declares for Windows is valid', async name => {
  const blocks = [...(await page(name)).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block!);
  const ofWindows = blocks.filter(
    block => block.includes('os: windows') || (name.endsWith('windows.md') && !block.includes('targets:')),
  );
  expect(ofWindows.length).toBeGreaterThan(0);
  const dir = await scratch();
  for (const block of ofWindows) {
    const head = /^converge:/m.test(block) ? '' : 'converge: 1\nrequires: { os: windows }\n';
    await writeFile(join(dir, 'site.yaml'), head + block);
    const { code, stderr } = await cli(dir, ['validate', 'site.yaml', '--lab', join(dir, 'lab')]);
    expect([code, stderr], block).toEqual([0, expect.not.stringContaining('error')]);
  }
});

test('each type of Windows is in its page, and each that runs there in the table of what has met none', async () => {
  const [docs, lab] = [await page('docs/windows.md'), await page('docs/windows-lab.md')];
  const table = lab.slice(lab.indexOf('## What has never met'), lab.indexOf('## Recording a real one'));
  const ofWindows = onHost.filter(({ runs }) => 'platforms' in runs && runs.platforms?.includes('win32'));
  expect(ofWindows.length).toBeGreaterThan(10);
  for (const { name } of ofWindows) expect(docs).toMatch(new RegExp(`^  ${name}:|\`${name}\``, 'm'));
  for (const { name } of onHost.filter(({ name }) => name !== 'raw_image' && name !== 'alert_route'))
    expect(table).toContain(`\`${name}\``);
});
