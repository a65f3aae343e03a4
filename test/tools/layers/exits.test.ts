import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkExits } from '../../../tools/layers/exits.ts';
import { readTexts } from '../../../tools/layers/sources.ts';

const wrong = (code: string, file = 'cli/commands/run/plan.ts') => checkExits(new Map([[file, code]]));

test.each([
  ["console.log('x')", 'console'],
  ["console['error']('x')", 'console'],
  ["process.stdout.write('x')", "the process's own output"],
  ["process?.stderr.write('x')", "the process's own output"],
  ['const { stdout } = process;', 'the process as a value'],
  ['const own = [process];', 'the process as a value'],
  ["globalThis.process['stdout'].write('x')", 'the process as a value'],
  ["process['stdout'].write('x')", 'the process as a value'],
  ["context.io.stdout.write('x')", 'a raw write'],
  ["import { styleText } from 'node:util';", 'markup of a terminal'],
  ["import type { CliIo } from '../../text/io.ts';", 'an output that takes raw text'],
])('%s is seen', (code, what) => {
  const all = wrong(code);
  expect(
    all.some(one => one.includes(`: ${what}; `)),
    all.join('\n'),
  ).toBe(true);
  expect(all[0]).toMatch(/^src\/cli\/commands\/run\/plan\.ts:1:\d+: /);
});

test.each([
  '// process.stdout.write in a comment',
  "const text = 'console.log';",
  'if (process.platform === env.platform) exit(process.exitCode);',
  'const processes = host.processes.run({ stdout, stderr });',
  'await process(1); stdout.length; emit(`wrote ${stdout}`);',
])('%s is not one', code => {
  expect(wrong(code)).toEqual([]);
});

test('the source itself writes nowhere else', async () => {
  expect(checkExits(await readTexts(join(import.meta.dirname, '../../../src')))).toEqual([]);
});
