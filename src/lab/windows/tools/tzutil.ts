import { failed, said, type Text } from '../console/console.ts';
import type { Tool } from '../machine/machine.ts';
import { readRegistry } from '../registry/store.ts';
import { text, textOf } from '../registry/values.ts';

const current = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation';
const all = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Time Zones';
/** Behind a zone's id it turns daylight saving off. */
const noDaylightSaving = '_dstoff';

const unknown: Text = { en: 'Invalid time zone ID.\n', de: 'Ungültige Zeitzonen-ID.\n' };

/** tzutil.exe: `/g` prints the zone without an end of line, `/l` lists all, `/s ID` sets it. */
export const tzutil: Tool = async ({ args }, { files, language }) => {
  const registry = await readRegistry(files);
  const [option = '', id = ''] = args;
  switch (option.toLowerCase()) {
    case '/g':
      return said(textOf(registry.value(current, 'TimeZoneKeyName')) ?? 'UTC');
    case '/l':
      return said(
        registry
          .children(all)
          .map(key => `${textOf(registry.value(key, 'Display')) ?? ''}\n${key.slice(all.length + 1)}\n\n`)
          .join(''),
      );
    case '/s': {
      const zone = id.endsWith(noDaylightSaving) ? id.slice(0, -noDaylightSaving.length) : id;
      if (zone === '' || !registry.has(`${all}\\${zone}`)) return failed(1, unknown[language]);
      const spelled = registry.spelling(`${all}\\${zone}`).slice(all.length + 1);
      registry.set(current, text('TimeZoneKeyName', `${spelled}${id.slice(zone.length)}`));
      await registry.save(files);
      return said('');
    }
    default:
      return failed(1, 'Usage:\nTZUTIL </? | /g | /s TimeZoneID[_dstoff] | /l>\n');
  }
};
