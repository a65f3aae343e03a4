import type { ReadIo } from '../../engine/model/io.ts';
import { runPowershell } from '../tools/powershell.ts';
import { variable } from '../tools/programs.ts';
import { commonSid, isSid } from './sids.ts';

const services: Readonly<Record<string, string>> = {
  'S-1-5-18': 'SYSTEM',
  'S-1-5-19': 'LOCAL SERVICE',
  'S-1-5-20': 'NETWORK SERVICE',
};

/**
 * What an account is called in manifests: services by their English name, whatever Windows calls them; SIDs
 * in upper case.
 */
export function accountName(typed: string): string {
  const plain = typed
    .trim()
    .replace(/^Local(System|Service)$/i, (_, name) => (/^system$/i.test(name) ? 'SYSTEM' : 'LOCAL SERVICE'));
  const sid = commonSid(plain.replace(/^NetworkService$/i, 'NETWORK SERVICE'));
  return (sid && services[sid]) ?? (isSid(plain.replace(/^\*/, '')) ? sid! : plain);
}

/** Whether an account of accountName's form logs on without a password, and may do so at any time. */
export const isServiceAccount = (name: string): boolean =>
  Object.values(services).includes(name) || /^(NT SERVICE|IIS APPPOOL)\\|^S-1-5-8[02]-/i.test(name);

/**
 * The SID of an account that has to be written without its name; undefined when only this Windows knows it.
 */
export const sidOfService = (name: string): string | undefined =>
  Object.keys(services).find(sid => services[sid] === name);

/** SIDs by the names as given, for those that this Windows knows; one process, none for no names. */
export async function sidsOf(io: ReadIo, names: readonly string[]): Promise<Map<string, string>> {
  const asked = [...new Set(names)];
  if (asked.length === 0) return new Map();
  const machine = variable(io.env, 'COMPUTERNAME') ?? '.';
  const printed = await runPowershell(
    io,
    "$d.names -split '\\|' | ForEach-Object { try { (New-Object Security.Principal.NTAccount $_).Translate([Security.Principal.SecurityIdentifier]).Value } catch { '-' } }",
    { names: asked.map(name => name.replace(/^\.(?=\\)/, () => machine)).join('|') },
    'looking up accounts',
  );
  const sids = printed.trim().split(/\r?\n/);
  return new Map(
    asked.flatMap((name, index) => (/^S-1-/.test(sids[index] ?? '') ? [[name, sids[index]!.trim()]] : [])),
  );
}
