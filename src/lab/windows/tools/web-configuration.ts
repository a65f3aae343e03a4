import { failed, said } from '../console/console.ts';
import { readFeatures } from '../features/state.ts';
import { appcmd } from '../iis/appcmd.ts';
import { SECTIONS } from '../iis/schema/sections.ts';
import type { Cmdlet } from '../powershell/cmdlet.ts';

/**
 * Set-WebConfigurationProperty, and Add-WebConfigurationProperty where there is a `row`: what appcmd does for
 * the same section, as far as filters go that name elements and pick rows by their attributes.
 */
export const setWebConfiguration: Cmdlet = async (data, call, machine) => {
  if (!(await readFeatures(machine.files)).isOn('IIS-ManagementScriptingTools')) return said('no module\n');
  const { place = '', location = '', filter = '', name = '', value = '' } = data as Record<string, string>;
  const section = [...SECTIONS.keys()].find(known => `${filter}/`.startsWith(`/${known}/`));
  if (section === undefined) return failed(1, `Filter '${filter}' matches nothing.\n`);
  const steps = filter
    .slice(section.length + 2)
    .split('/')
    .filter(Boolean)
    .map(index);
  const row = data.row as Record<string, string> | undefined;
  const changed = row ? `+${[...steps, pairs(row)].join('.')}` : `${[...steps, name].join('.')}:${value}`;
  const below = place.replace(/^MACHINE\/WEBROOT\/APPHOST\/?/i, '');
  const target = [below, location].filter(Boolean).join('/');
  const commit = below === '' ? 'apphost' : `MACHINE/WEBROOT/APPHOST/${below}`;
  const args = ['set', 'config', ...(target === '' ? [] : [target])];
  const answer = await appcmd(
    { ...call, args: [...args, `/section:${section}`, `/commit:${commit}`, `/${changed}`], input: '' },
    machine,
  );
  return answer.exitCode === 0 ? said('') : failed(1, `Set-WebConfigurationProperty : ${answer.stdout}`);
};

/** `*[@name='x' and @value='y']` is `[name='x',value='y']`. */
function index(step: string): string {
  const inside = /^\*\[(.*)\]$/s.exec(step)?.[1];
  return inside === undefined
    ? step
    : `[${inside.replace(/(^| and )@(\w+)=/g, (_, and, key) => `${and ? ',' : ''}${key}=`)}]`;
}

const pairs = (row: Readonly<Record<string, string>>): string =>
  `[${Object.entries(row)
    .map(([name, value]) => `${name}='${value}'`)
    .join(',')}]`;
