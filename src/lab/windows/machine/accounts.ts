import type { Language } from './machine.ts';

interface Account {
  sid: string;
  /** As Windows prints it; German where it differs. */
  name: string;
  german?: string;
  /** Abbreviation in security descriptors (SDDL). */
  sddl?: string;
}

/** Well-known accounts: their SIDs are those of every machine, their names those of its language. */
const accounts: Account[] = [
  { sid: 'S-1-1-0', name: 'Everyone', german: 'Jeder', sddl: 'WD' },
  { sid: 'S-1-3-0', name: 'CREATOR OWNER', german: 'ERSTELLER-BESITZER', sddl: 'CO' },
  { sid: 'S-1-5-18', name: 'NT AUTHORITY\\SYSTEM', german: 'NT-AUTORITÄT\\SYSTEM', sddl: 'SY' },
  {
    sid: 'S-1-5-19',
    name: 'NT AUTHORITY\\LOCAL SERVICE',
    german: 'NT-AUTORITÄT\\Lokaler Dienst',
    sddl: 'LS',
  },
  {
    sid: 'S-1-5-20',
    name: 'NT AUTHORITY\\NETWORK SERVICE',
    german: 'NT-AUTORITÄT\\Netzwerkdienst',
    sddl: 'NS',
  },
  {
    sid: 'S-1-5-11',
    name: 'NT AUTHORITY\\Authenticated Users',
    german: 'NT-AUTORITÄT\\Authentifizierte Benutzer',
    sddl: 'AU',
  },
  { sid: 'S-1-5-4', name: 'NT AUTHORITY\\INTERACTIVE', german: 'NT-AUTORITÄT\\INTERAKTIV', sddl: 'IU' },
  {
    sid: 'S-1-5-32-544',
    name: 'BUILTIN\\Administrators',
    german: 'VORDEFINIERT\\Administratoren',
    sddl: 'BA',
  },
  { sid: 'S-1-5-32-545', name: 'BUILTIN\\Users', german: 'VORDEFINIERT\\Benutzer', sddl: 'BU' },
  { sid: 'S-1-5-32-568', name: 'BUILTIN\\IIS_IUSRS', german: 'VORDEFINIERT\\IIS_IUSRS' },
  { sid: 'S-1-5-17', name: 'NT AUTHORITY\\IUSR', german: 'NT-AUTORITÄT\\IUSR' },
  { sid: 'S-1-5-21-1004336348-1177238915-682003330-500', name: 'LAB\\Administrator', sddl: 'LA' },
];

const isSid = (text: string): boolean => /^S-1-\d+(-\d+)+$/i.test(text);

/**
 * The SID of a name with or without its domain, of a SID (also `*S-1-…`) or of an SDDL abbreviation's
 * account.
 */
export function sidOf(typed: string, language: Language): string | undefined {
  const text = typed.replace(/^\*/, '');
  if (isSid(text)) return text.toUpperCase();
  const lower = text.toLowerCase();
  const found = accounts.find(account => {
    const full = nameIn(account, language).toLowerCase();
    // SYSTEM and the services are known by their English names in every language.
    const english =
      account.sid.startsWith('S-1-5-1') || account.sid === 'S-1-5-20' ? account.name.toLowerCase() : full;
    return [full, english].some(name => name === lower || name.split('\\')[1] === lower);
  });
  return found?.sid;
}

const nameIn = ({ name, german }: Account, language: Language): string =>
  language === 'de' ? (german ?? name) : name;

/** What a program prints for a SID; the SID itself when nobody knows it. */
export function accountName(sid: string, language: Language): string {
  const found = accounts.find(account => account.sid === sid);
  return found ? nameIn(found, language) : sid;
}

export const toSddl = (sid: string): string => accounts.find(account => account.sid === sid)?.sddl ?? sid;
export const fromSddl = (text: string): string => accounts.find(({ sddl }) => sddl === text)?.sid ?? text;

/** Accounts of services, which log on without a password. */
export const isServiceAccount = (sid: string): boolean => /^S-1-5-(18|19|20|80-.+|82-.+)$/.test(sid);
