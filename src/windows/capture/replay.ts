import type { ReadIo } from '../../engine/model/io.ts';
import { system32 } from '../tools/programs.ts';
import type { Call, Capture } from './capture.ts';

/** Thrown for a call that was not recorded: nothing can be said then. */
export class NotCaptured extends Error {}

const key = (program: string, args: readonly string[]): string =>
  JSON.stringify([program.toLowerCase(), ...args]);

/** A call of the capture, as it was recorded. Throws NotCaptured. */
export function callOf(capture: Capture, program: string, args: readonly string[]): Call {
  const wanted = key(program, args);
  const found = capture.calls.find(call => key(call.program, call.args) === wanted);
  if (!found || found.missing)
    throw new NotCaptured(`${program} ${args.slice(0, 3).join(' ')}${found ? ': not on that Windows' : ''}`);
  return found;
}

/** A Windows that answers as the recorded one did, for what only reads by programs. */
export function replayIo(capture: Capture): ReadIo {
  const env = { SystemRoot: capture.host.system_root };
  const folder = `${system32({ env })}\\`.toLowerCase();
  const nothing = async () => undefined;
  const unavailable = async () => {
    throw new NotCaptured('only programs were recorded');
  };
  return {
    targetIdentity: async () => 'host',
    clock: { now: () => Date.parse(capture.taken), sleep: async () => {} },
    random: { bytes: length => Buffer.alloc(length), uuid: () => '00000000-0000-4000-8000-000000000000' },
    platform: 'win32',
    cwd: 'C:\\',
    env,
    files: { read: nothing, stat: nothing, list: nothing, readlink: nothing, open: nothing },
    memory: { get: () => undefined },
    signal: new AbortController().signal,
    client: unavailable,
    secret: unavailable,
    source: unavailable,
    async run({ file, args }) {
      const program = file.toLowerCase().startsWith(folder) ? file.slice(folder.length) : file;
      const { exitCode, stdout, stderr } = callOf(capture, program, args);
      return { exitCode, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8'), timedOut: false };
    },
  };
}
