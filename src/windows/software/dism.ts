import type { ReadIo } from '../../engine/model/io.ts';
import type { Command } from '../../io/ports.ts';
import { runTool, type Tool } from '../../programs/run-tool.ts';
import { system32 } from '../tools/programs.ts';

/** Milliseconds: reading takes seconds, and enabling may fetch and unpack for a long time. */
const readLimit = 5 * 60_000;
const changeLimit = 60 * 60_000;

/** ERROR_SUCCESS_REBOOT_REQUIRED and ERROR_SUCCESS_REBOOT_INITIATED. */
const rebootCodes = [3010, 1641];

/** Every feature of this Windows with its state, names as Windows writes them; one process. */
export async function readFeatures(io: ReadIo): Promise<Map<string, string>> {
  const command = dism(io, ['/get-features', '/format:table'], readLimit);
  const { stdout } = await runTool(io, tool, command, 'reading the features failed');
  const features = new Map<string, string>();
  // `IIS-WebServer   | Enable Pending`: the state is everything behind the bar.
  for (const line of stdout.split(/\r?\n/)) {
    const [, name, state] = /^([\w.-]+)\s*\|\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && state !== undefined && !/^-+$/.test(name)) features.set(name, state);
  }
  return features;
}

/** On, or on after the reboot that is due anyway. */
export const isEnabled = (state: string | undefined): boolean =>
  state === 'Enabled' || state === 'Enable Pending';

export interface EnableOptions {
  /** Where payloads are that were removed from this Windows. */
  source?: string;
}

/**
 * Enables features with their parents, or disables them, in one call. Gives whether a reboot is due.
 * Rejects with a Failure; then some of the features may have been enabled all the same.
 */
export async function setFeatures(
  io: ReadIo,
  verb: 'enable' | 'disable',
  names: string[],
  { source }: EnableOptions = {},
): Promise<{ reboot: boolean }> {
  const command = dism(
    io,
    [
      `/${verb}-feature`,
      ...names.map(name => `/featurename:${name}`),
      ...(verb === 'enable' ? ['/all'] : []),
      ...(source === undefined ? [] : [`/source:${source}`, '/limitaccess']),
      '/norestart',
      '/quiet',
    ],
    changeLimit,
  );
  const what = `${verb === 'enable' ? 'enabling' : 'disabling'} ${names.join(', ')} failed`;
  const { exitCode } = await runTool(io, tool, command, what, rebootCodes);
  return { reboot: exitCode !== 0 };
}

const dism = (io: ReadIo, args: string[], timeout: number): Command => ({
  file: system32(io, 'dism.exe'),
  args: ['/online', '/english', ...args],
  timeout,
});

const tool: Tool = {
  name: 'dism',
  failed: 'dism-failed',
  hint: 'C:\\Windows\\Logs\\DISM\\dism.log says more',
  exits: {
    740: { code: 'not-elevated', why: 'it needs an administrator', hint: 'run converge elevated' },
    2148468767: {
      code: 'feature-payload-missing',
      why: 'its files are not on this Windows (0x800f081f)',
      hint: 'name installation media with `source:`, or let Windows Update in',
    },
    2148468748: {
      code: 'unknown-feature',
      why: 'this Windows has no such feature (0x800f080c)',
      hint: 'see dism /online /get-features',
    },
  },
};
