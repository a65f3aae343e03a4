import { GUEST_FACTS, type SeenFacts } from '../guest-facts/format.ts';
import { type DiskBytes, textOf, Unreadable } from './bytes/disk-bytes.ts';

/** What a preparation in the guest found the last time it ran. */
export interface GuestReport {
  /** Milliseconds since the epoch. */
  at: number;
  facts: SeenFacts;
}

const mostBytes = 65_536;
const mostText = 300;

/**
 * Reads `{"version":1,"at":"2026-11-28T06:00:00Z","facts":{"dhcp":{"ok":true,"what":"eth0 asks by DHCP"}}}`.
 * The guest wrote it, so it is believed about the guest alone; what isn't known here is left out.
 *
 * @throws Unreadable when it is something else
 */
export async function readGuestReport(file: DiskBytes): Promise<GuestReport> {
  const value = parsed(await textOf(file, mostBytes)) as {
    version?: unknown;
    at?: unknown;
    facts?: Record<string, { ok?: unknown; what?: unknown } | null>;
  } | null;
  if (typeof value !== 'object' || value?.version !== 1) throw new Unreadable('it is not of version 1');
  const at = typeof value.at === 'string' ? Date.parse(value.at) : Number.NaN;
  if (Number.isNaN(at)) throw new Unreadable('it has no time of its own');
  const facts: GuestReport['facts'] = {};
  for (const name of GUEST_FACTS) {
    const said = value.facts?.[name];
    if (typeof said?.ok === 'boolean') facts[name] = { ok: said.ok, what: oneLine(said.what) };
  }
  return { at, facts };
}

/** It is shown in a table. */
const oneLine = (text: unknown): string =>
  typeof text === 'string'
    ? text
        .slice(0, mostText)
        .replace(/[\s\p{Cc}]+/gu, ' ')
        .trim()
    : '';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable('it is not JSON');
  }
}
