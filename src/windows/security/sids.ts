import { createHash } from 'node:crypto';

/** SIDs that are the same on every Windows, with their English and German names. */
const wellKnown: [sid: string, english: string, german: string][] = [
  ['S-1-1-0', 'Everyone', 'Jeder'],
  ['S-1-3-0', 'CREATOR OWNER', 'ERSTELLER-BESITZER'],
  ['S-1-3-1', 'CREATOR GROUP', 'ERSTELLERGRUPPE'],
  ['S-1-3-4', 'OWNER RIGHTS', 'EIGENTÜMERRECHTE'],
  ['S-1-5-2', 'NT AUTHORITY\\NETWORK', 'NT-AUTORITÄT\\NETZWERK'],
  ['S-1-5-4', 'NT AUTHORITY\\INTERACTIVE', 'NT-AUTORITÄT\\INTERAKTIV'],
  ['S-1-5-6', 'NT AUTHORITY\\SERVICE', 'NT-AUTORITÄT\\DIENST'],
  ['S-1-5-7', 'NT AUTHORITY\\ANONYMOUS LOGON', 'NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG'],
  ['S-1-5-11', 'NT AUTHORITY\\Authenticated Users', 'NT-AUTORITÄT\\Authentifizierte Benutzer'],
  ['S-1-5-17', 'NT AUTHORITY\\IUSR', 'NT-AUTORITÄT\\IUSR'],
  ['S-1-5-18', 'NT AUTHORITY\\SYSTEM', 'NT-AUTORITÄT\\SYSTEM'],
  ['S-1-5-19', 'NT AUTHORITY\\LOCAL SERVICE', 'NT-AUTORITÄT\\Lokaler Dienst'],
  ['S-1-5-20', 'NT AUTHORITY\\NETWORK SERVICE', 'NT-AUTORITÄT\\Netzwerkdienst'],
  ['S-1-5-32-544', 'BUILTIN\\Administrators', 'VORDEFINIERT\\Administratoren'],
  ['S-1-5-32-545', 'BUILTIN\\Users', 'VORDEFINIERT\\Benutzer'],
  ['S-1-5-32-546', 'BUILTIN\\Guests', 'VORDEFINIERT\\Gäste'],
  ['S-1-5-32-547', 'BUILTIN\\Power Users', 'VORDEFINIERT\\Hauptbenutzer'],
  ['S-1-5-32-551', 'BUILTIN\\Backup Operators', 'VORDEFINIERT\\Sicherungs-Operatoren'],
  ['S-1-5-32-555', 'BUILTIN\\Remote Desktop Users', 'VORDEFINIERT\\Remotedesktopbenutzer'],
  ['S-1-5-32-558', 'BUILTIN\\Performance Monitor Users', 'VORDEFINIERT\\Systemmonitorbenutzer'],
  ['S-1-5-32-559', 'BUILTIN\\Performance Log Users', 'VORDEFINIERT\\Leistungsprotokollbenutzer'],
  ['S-1-5-32-568', 'BUILTIN\\IIS_IUSRS', 'VORDEFINIERT\\IIS_IUSRS'],
  ['S-1-5-32-573', 'BUILTIN\\Event Log Readers', 'VORDEFINIERT\\Ereignisprotokollleser'],
];

/** Lower case to SID: whole names, and names without the domain. */
const sids = new Map(
  wellKnown.flatMap(([sid, english, german]) =>
    [english, german].flatMap(name =>
      [name, name.slice(name.indexOf('\\') + 1)].map(one => [one.toLowerCase(), sid] as const),
    ),
  ),
);
const names = new Map(wellKnown.map(([sid, english]) => [sid, english]));

export const isSid = (text: string): boolean => /^S-1-\d+(-\d+)+$/i.test(text);

/**
 * The SID that a name has on every Windows, whatever its language: of a SID (also `*S-1-...`), of an English
 * or German well-known name, of `IIS AppPool\x` and `NT SERVICE\x`. Undefined for accounts that only the
 * machine or its domain knows.
 */
export function commonSid(name: string): string | undefined {
  const text = name.replace(/^\*/, '');
  if (isSid(text)) return text.toUpperCase();
  const [, domain = '', account = ''] = /^(IIS AppPool|NT SERVICE)\\(.+)$/i.exec(text) ?? [];
  if (domain === '') return sids.get(text.toLowerCase());
  // Virtual accounts exist by their names: five words of a SHA-1 of the name, services in upper case.
  return domain.toLowerCase() === 'nt service'
    ? `S-1-5-80-${wordsOf(account.toUpperCase())}`
    : `S-1-5-82-${wordsOf(account.toLowerCase())}`;
}

function wordsOf(name: string): string {
  const hash = createHash('sha1').update(Buffer.from(name, 'utf16le')).digest();
  return [0, 4, 8, 12, 16].map(at => hash.readUInt32LE(at)).join('-');
}

/** The English name of a SID that every Windows has, or the SID. */
export const commonName = (sid: string): string => names.get(sid) ?? sid;
