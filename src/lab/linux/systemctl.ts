import type { Files } from '../../io/ports.ts';
import type { Program } from './program.ts';

/**
 * What became of units, lower-case verbs as in `systemctl`; a unit is there when its file is, or when it is
 * shipped.
 */
interface Units {
  enabled: string[];
  masked: string[];
  active: string[];
}

const stateFolder = '/var/lib/systemd';
const stateFile = `${stateFolder}/lab-units.json`;
const folders = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];
const shipped = ['cron.service', 'ssh.service'];

/** `show`, `start`, `stop`, `restart`, `enable`, `disable`, `mask`, `unmask`, `daemon-reload`. */
export const systemctl: Program = async (args, files) => {
  const [verb = '', ...rest] = args;
  const names = rest.filter(arg => !arg.startsWith('-'));
  const units = await read(files);
  if (verb === 'daemon-reload') return said(0, '');
  if (verb === 'show')
    return said(0, (await Promise.all(names.map(name => shown(name, units, files)))).join('\n'));
  for (const name of names) {
    if (!(await isThere(name, files))) {
      const isStart = ['start', 'stop', 'restart'].includes(verb);
      return said(
        isStart ? 5 : 1,
        '',
        isStart
          ? `Failed to ${verb} ${name}: Unit ${name} not found.\n`
          : `Failed to ${verb} unit: Unit file ${name} does not exist.\n`,
      );
    }
    if (units.masked.includes(name) && ['start', 'restart', 'enable'].includes(verb))
      return said(1, '', `Failed to ${verb} ${name}: Unit ${name} is masked.\n`);
    change(verb, name, units);
  }
  await write(files, units);
  return said(0, '');
};

function change(verb: string, name: string, units: Units): void {
  const set = (list: keyof Units, on: boolean) => {
    units[list] = [...units[list].filter(one => one !== name), ...(on ? [name] : [])];
  };
  if (verb === 'enable' || verb === 'disable') set('enabled', verb === 'enable');
  if (verb === 'mask' || verb === 'unmask') set('masked', verb === 'mask');
  if (['start', 'stop', 'restart'].includes(verb)) set('active', verb !== 'stop');
}

async function shown(name: string, units: Units, files: Files): Promise<string> {
  const there = await isThere(name, files);
  const masked = units.masked.includes(name);
  const file = masked ? 'masked' : units.enabled.includes(name) ? 'enabled' : 'disabled';
  return [
    `LoadState=${!there ? 'not-found' : masked ? 'masked' : 'loaded'}`,
    `ActiveState=${units.active.includes(name) ? 'active' : 'inactive'}`,
    `UnitFileState=${there ? file : ''}`,
    '',
  ].join('\n');
}

async function isThere(name: string, files: Files): Promise<boolean> {
  if (shipped.includes(name)) return true;
  for (const folder of folders) if (await files.stat(`${folder}/${name}`)) return true;
  return false;
}

async function read(files: Files): Promise<Units> {
  const bytes = await files.read(stateFile);
  return bytes
    ? (JSON.parse(bytes.toString()) as Units)
    : { enabled: [...shipped], masked: [], active: [...shipped] };
}

async function write(files: Files, units: Units): Promise<void> {
  await files.mkdir(stateFolder, { recursive: true });
  await files.writeAtomic(stateFile, Buffer.from(`${JSON.stringify(units, undefined, 1)}\n`));
}

const said = (exitCode: number, stdout: string, stderr = '') => ({
  exitCode,
  stdout,
  stderr,
  timedOut: false,
});
