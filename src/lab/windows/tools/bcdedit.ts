import { failed, said, type Text } from '../console/console.ts';
import type { Tool } from '../machine/machine.ts';
import { readRegistry } from '../registry/store.ts';
import { binary } from '../registry/values.ts';
import { bootEntry, bootKey } from '../services/boot-entry.ts';

const done: Text = {
  en: 'The operation completed successfully.\n',
  de: 'Der Vorgang wurde erfolgreich beendet.\n',
};
const unknown: Text = {
  en: 'The specified command is not valid.\nRun "bcdedit /?" for command line assistance.\n',
  de: 'Der angegebene Befehl ist ungültig.\n',
};

/** bcdedit.exe, as far as `/ems {default} on|off` goes. */
export const bcdedit: Tool = async ({ args }, { files, language }) => {
  const [verb = '', entry = '', to = ''] = args.map(arg => arg.toLowerCase());
  if (verb !== '/ems' || entry !== '{default}' || !['on', 'off'].includes(to))
    return failed(1, unknown[language]);
  const registry = await readRegistry(files);
  registry.set(
    `${bootKey}\\${bootEntry}\\Elements\\260000b0`,
    binary('Element', Buffer.from([to === 'on' ? 1 : 0])),
  );
  await registry.save(files);
  return said(done[language]);
};
