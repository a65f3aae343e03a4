import { expect, test } from 'vitest';
import type { CommandResult } from '../../src/io/ports.ts';
import { runTool, type Tool, toolFailure } from '../../src/programs/run-tool.ts';

const tool: Tool = {
  name: 'sc',
  failed: 'service-refused',
  hint: 'look at it',
  exits: { 5: { code: 'access-denied', why: 'access is denied' }, 7: { hint: 'do that' } },
  words: ['stderr', 'stdout'],
};
const result = (some: Partial<CommandResult>): CommandResult => ({
  exitCode: 0,
  stdout: '',
  stderr: '',
  timedOut: false,
  ...some,
});
const run = (some: Partial<CommandResult>, fine?: number[]) =>
  runTool({ run: async () => result(some) }, tool, { file: 'sc', args: [] }, 'starting x failed', fine);

test('0 and what is as good are success', async () => {
  expect(await run({ stdout: 'done' })).toMatchObject({ stdout: 'done' });
  expect(await run({ exitCode: 1056 }, [1056])).toMatchObject({ exitCode: 1056 });
  await expect(run({ exitCode: 1056 })).rejects.toThrow('starting x failed: sc ended with exit code 1056');
});

test.each([0, 5])('what was stopped is no success, whatever its exit code is: %d', async exitCode => {
  await expect(run({ exitCode, timedOut: true }, [5])).rejects.toThrow(
    'starting x failed: sc took too long and was stopped',
  );
});

test.each([
  [{ exitCode: 5, stderr: 'Zugriff' }, 'access-denied', 'access is denied', 'look at it'],
  [{ exitCode: 7, stderr: ' a\n b ' }, 'service-refused', 'sc ended with exit code 7: a b', 'do that'],
  [{ exitCode: 8, stdout: 'so' }, 'service-refused', 'sc ended with exit code 8: so', 'look at it'],
  [{ exitCode: 9 }, 'service-refused', 'sc ended with exit code 9', 'look at it'],
])('%j', (some, code, why, hint) => {
  expect(toolFailure(tool, 'it', result(some))).toMatchObject({ code, message: `it: ${why}`, hint });
});
