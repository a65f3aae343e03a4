import { expect, test } from 'vitest';
import { whoCanChange } from '../../src/app/self/who-can-change.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Command } from '../../src/io/ports.ts';

const closed = 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)\r\n';
const open = 'O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;CI;DCLCRPCR;;;BU)\r\n';

/** A Windows host whose PowerShell prints these descriptors by path. */
function windows(descriptors: Record<string, string>) {
  const asked: Command[] = [];
  const others = whoCanChange({
    ...nodeHost(),
    platform: 'win32',
    env: { SystemRoot: 'C:\\Windows' },
    processes: {
      async run(command) {
        asked.push(command);
        const { path } = JSON.parse(command.input ?? '{}');
        const stdout = descriptors[path];
        return {
          exitCode: stdout === undefined ? 1 : 0,
          stdout: stdout ?? '',
          stderr: 'no such path',
          timedOut: false,
        };
      },
    },
  });
  return { others, asked };
}

test('on Windows the access list decides: users that make files may not have made a key', async () => {
  const { others, asked } = windows({ 'C:\\trust': closed, 'C:\\ProgramData': open });
  expect(await others('C:\\trust', false)).toBeUndefined();
  expect(await others('C:\\ProgramData', false)).toMatchObject({ why: 'can be written by others (BU)' });
  // Above the folder it counts only whether it can be taken away.
  expect(await others('C:\\ProgramData', true)).toBeUndefined();
  expect(asked).toHaveLength(2);
  expect(asked[0]?.file).toBe('C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe');
  expect(asked.flatMap(({ args }) => args).join(' ')).not.toContain('trust');
});

test('a list that can not be read is not a permission', async () => {
  const { others } = windows({});
  await expect(others('C:\\trust', false)).rejects.toThrow('reading the access list of C:\\trust failed');
});
