import { failedAloud, type Text } from '../console/console.ts';
import type { Tool } from '../machine/machine.ts';
import { advfirewall } from '../netsh/firewall.ts';
import { readPairs } from '../netsh/pairs.ts';
import { sslcert } from '../netsh/sslcert.ts';

const notFound: Text = {
  en: 'The following command was not found:',
  de: 'Folgender Befehl wurde nicht gefunden:',
};

/**
 * netsh.exe `http VERB sslcert` and `advfirewall firewall VERB rule`. Failures are exit code 1, on stdout.
 */
export const netsh: Tool = async ({ args }, machine) => {
  const words = args.slice(0, 4).map(arg => arg.toLowerCase());
  const [context, second = '', third = '', fourth] = words;
  if (context === 'http' && third === 'sslcert') return sslcert(second, readPairs(args.slice(3)), machine);
  if (context === 'advfirewall' && second === 'firewall' && fourth === 'rule')
    return advfirewall(third, args.slice(4), machine);
  return failedAloud(1, `${notFound[machine.language]} ${args.join(' ')}.\n`);
};
