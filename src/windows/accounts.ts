import type { ReadIo } from '../engine/io.ts';
import { runPowershell } from './powershell.ts';
import { variable } from './programs.ts';

const services: Readonly<Record<string, string>> = {
  'S-1-5-18': 'SYSTEM',
  'S-1-5-19': 'LOCAL SERVICE',
  'S-1-5-20': 'NETWORK SERVICE',
};

/** What an account is called in manifests: services by their English name, whatever Windows calls them; SIDs in upper case. */
export function accountName(typed: string): string {
  const plain = typed.trim().replace(/^\*(?=S-1-)/i, '');
  if (/^S-1-[\d-]+$/i.test(plain)) return services[plain.toUpperCase()] ?? plain.toUpperCase();
  const name = plain
    .replace(/^NT AUTHORITY\\/i, '')
    .replace(/^(LOCAL|NETWORK)(SERVICE)$/i, '$1 $2')
    .toUpperCase();
  return name === 'LOCALSYSTEM' ? 'SYSTEM' : Object.values(services).includes(name) ? name : plain;
}

/** Whether an account of accountName's form logs on without a password, and may do so at any time. */
export const isServiceAccount = (name: string): boolean =>
  Object.values(services).includes(name) || /^(NT SERVICE|IIS APPPOOL)\\|^S-1-5-8[02]-/i.test(name);

/** The SID of an account that has to be written without its name; undefined when only this Windows knows it. */
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
