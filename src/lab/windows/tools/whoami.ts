import { failed, said } from '../console/console.ts';
import type { Tool } from '../machine/machine.ts';

/** `whoami /groups`: an elevated process has the high integrity level S-1-16-12288, another S-1-16-8192. */
export const whoami: Tool = async ({ args }, { elevated, language }) => {
  const options = args.map(arg => arg.toLowerCase());
  if (options.length === 0) return said('nt authority\\system\n');
  if (!options.includes('/groups')) return failed(1, 'ERROR: Invalid argument/option.\n');
  const isElevated = elevated !== false;
  const german = language === 'de';
  const label = german ? 'Verbindliche Beschriftung' : 'Mandatory Label';
  const level = german
    ? isElevated
      ? 'Hohe Verbindlichkeitsstufe'
      : 'Mittlere Verbindlichkeitsstufe'
    : isElevated
      ? 'High Mandatory Level'
      : 'Medium Mandatory Level';
  const administrators = german ? 'VORDEFINIERT\\Administratoren' : 'BUILTIN\\Administrators';
  const rows = [
    [
      administrators,
      'Alias',
      'S-1-5-32-544',
      isElevated ? 'Enabled group, Group owner' : 'Group used for deny only',
    ],
    [`${label}\\${level}`, 'Label', isElevated ? 'S-1-16-12288' : 'S-1-16-8192', ''],
  ];
  if (options.includes('csv'))
    return said(rows.map(row => `${row.map(cell => `"${cell}"`).join(',')}\n`).join(''));
  return said(`\nGROUP INFORMATION\n-----------------\n\n${rows.map(row => `${row.join('  ')}\n`).join('')}`);
};
