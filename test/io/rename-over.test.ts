import { expect, test } from 'vitest';
import { renameOver } from '../../src/io/handles/rename-over.ts';

/** A machine on which a rename fails with these codes, one after the other. */
function machine(codes: string[], platform: NodeJS.Platform = 'win32') {
  const pauses: number[] = [];
  let renamed = 0;
  const rename = async () => {
    const code = codes.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    renamed += 1;
  };
  const pause = async (ms: number) => void pauses.push(ms);
  return { pauses, renamed: () => renamed, run: () => renameOver('a', 'b', { rename, pause, platform }) };
}

test('a file that a scanner has open for a moment is replaced', async () => {
  const { run, pauses, renamed } = machine(['EPERM', 'EBUSY', 'EACCES']);
  await run();
  expect(renamed()).toBe(1);
  expect(pauses).toEqual([20, 50, 100]);
});

test('one that stays open is told as it was answered, after two seconds', async () => {
  const { run, pauses } = machine(Array(20).fill('EPERM'));
  await expect(run()).rejects.toMatchObject({ code: 'EPERM' });
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(2000, -2);
});

test.each([
  ['ENOENT', 'win32'],
  ['EPERM', 'linux'],
] as const)('%s on %s is final', async (code, platform) => {
  const { run, pauses } = machine([code], platform);
  await expect(run()).rejects.toMatchObject({ code });
  expect(pauses).toEqual([]);
});
