import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { apart, scratch } from '../support/cli.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';

const root = join(import.meta.dirname, '../..');
/** What packages that are bundled try to load, and go on without. */
const names = ['msgpackr-extract', 'supports-color'];

// On Windows anybody may make a folder in C:\, and converge runs as SYSTEM below it.
test.each(['converge.js', 'converge.cjs'])('%s runs nothing from a node_modules further up', async file => {
  const dir = await scratch();
  const ran = join(dir, 'ran');
  for (const name of names) {
    const planted = join(dir, 'node_modules', name);
    mkdirSync(planted, { recursive: true });
    const code = `require('node:fs').appendFileSync(${JSON.stringify(ran)}, '${name} ');`;
    writeFileSync(join(planted, 'index.js'), code);
  }
  cpSync(join(root, 'dist'), join(dir, 'converge/dist'), { recursive: true });
  cpSync(join(root, 'modules'), join(dir, 'converge/modules'), { recursive: true });
  const args = ['agent', join(root, 'manifests/lab'), '--lab', 'lab', '--queue', 'redis://127.0.0.1:1'];
  const agent = start(process.execPath, [join(dir, 'converge/dist', file), ...args], {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...apart, ...runMark, HOME: dir },
  });
  onTestFinished(() => endAll(agent));
  let said = '';
  for await (const chunk of agent.stderr!) {
    said += chunk;
    if (said.includes('the queue at 127.0.0.1:1 can')) break;
  }
  expect(said).toContain('the queue at 127.0.0.1:1 can');
  expect(existsSync(ran)).toBe(false);
});
