import { main } from '../../src/cli/main.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';

/**
 * A command as typed in `cwd`, in this process: what is counted is the same, and nothing has to be started.
 * `clock`: what time it is for the command.
 */
export async function inProcess(cwd: string, args: string[], clock?: Clock) {
  let stdout = '';
  let stderr = '';
  const code = await main(args, {
    stdout: {
      write: (text: string) => {
        stdout += text;
      },
      isTTY: false,
      columns: 100,
    },
    stderr: {
      write: (text: string) => {
        stderr += text;
      },
      isTTY: false,
      columns: 100,
    },
    host: {
      ...nodeHost(),
      ...(clock && { clock }),
      cwd,
      env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true' },
    },
    interrupt: new AbortController().signal,
  });
  return { code, stdout, stderr };
}
