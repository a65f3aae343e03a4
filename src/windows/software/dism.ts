import type { Code } from '../../diagnostics/codes.ts';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { CommandResult } from '../../io/ports.ts';
import { system32 } from '../tools/programs.ts';

/** Milliseconds: reading takes seconds, and enabling may fetch and unpack for a long time. */
const readLimit = 5 * 60_000;
const changeLimit = 60 * 60_000;

/** ERROR_SUCCESS_REBOOT_REQUIRED and ERROR_SUCCESS_REBOOT_INITIATED. */
const rebootCodes = new Set([3010, 1641]);

/** Every feature of this Windows with its state, names as Windows writes them; one process. */
export async function readFeatures(io: ReadIo): Promise<Map<string, string>> {
  const result = await dism(io, ['/get-features', '/format:table'], readLimit);
  if (result.exitCode !== 0) throw new Failure(refused('reading the features', result));
  const features = new Map<string, string>();
  // `IIS-WebServer   | Enable Pending`: the state is everything behind the bar.
  for (const line of result.stdout.split(/\r?\n/)) {
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
  const result = await dism(
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
  if (rebootCodes.has(result.exitCode)) return { reboot: true };
  if (result.exitCode === 0 && !result.timedOut) return { reboot: false };
  throw new Failure(refused(`${verb === 'enable' ? 'enabling' : 'disabling'} ${names.join(', ')}`, result));
}

const dism = (io: ReadIo, args: string[], timeout: number): Promise<CommandResult> =>
  io.run({ file: system32(io, 'dism.exe'), args: ['/online', '/english', ...args], timeout });

function refused(what: string, { exitCode, timedOut }: CommandResult) {
  const ways: Record<number, [Code, string, string]> = {
    740: ['not-elevated', 'it needs an administrator', 'run converge elevated'],
    2148468767: [
      'feature-payload-missing',
      'its files are not on this Windows (0x800f081f)',
      'name installation media with `source:`, or let Windows Update in',
    ],
    2148468748: [
      'unknown-feature',
      'this Windows has no such feature (0x800f080c)',
      'see dism /online /get-features',
    ],
  };
  const [code, why, hint] = ways[exitCode] ?? [
    'dism-failed',
    timedOut ? 'dism took too long and was stopped' : `dism ended with exit code ${exitCode}`,
    'C:\\Windows\\Logs\\DISM\\dism.log says more',
  ];
  return world(code, `${what} failed: ${why}`, { hint });
}
