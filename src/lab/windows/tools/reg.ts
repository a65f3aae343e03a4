import { win32 } from 'node:path';
import { failed, said, type Text } from '../console/console.ts';
import type { Answer, Call, Machine, Tool } from '../machine/machine.ts';
import { keyPath } from '../registry/key-path.ts';
import { exportKey, importText } from '../registry/reg-file.ts';
import { type Registry, readRegistry } from '../registry/store.ts';
import {
  parseValue,
  printValue,
  type RegistryValue,
  type ValueType,
  valueTypes,
} from '../registry/values.ts';

const missing: Text = {
  en: 'ERROR: The system was unable to find the specified registry key or value.\n',
  de: 'FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.\n',
};
const done: Text = {
  en: 'The operation completed successfully.\n',
  de: 'Der Vorgang wurde erfolgreich beendet.\n',
};
const syntax: Text = { en: 'ERROR: Invalid syntax.\n', de: 'FEHLER: Ungültige Syntax.\n' };
const badKey: Text = { en: 'ERROR: Invalid key name.\n', de: 'FEHLER: Ungültiger Schlüsselname.\n' };
const badFile: Text = {
  en: 'ERROR: Error opening the file. There may be a disk or file system error.\n',
  de: 'FEHLER: Fehler beim Öffnen der Datei. Möglicherweise liegt ein Datenträger- oder Dateisystemfehler vor.\n',
};
const defaultName: Text = { en: '(Default)', de: '(Standard)' };

interface Options {
  key: string;
  name?: string;
  all: boolean;
  deep: boolean;
  force: boolean;
  type?: string;
  data?: string;
  separator?: string;
}

/** reg.exe: `query`, `add`, `delete`, `export`, `import`. Every mistake is exit code 1, told on stderr. */
export const reg: Tool = async (call, machine) => {
  const { language } = machine;
  const [verb = '', target, ...rest] = call.args;
  if (target === undefined) return failed(1, syntax[language]);
  const registry = await readRegistry(machine.files);
  if (verb.toLowerCase() === 'import') return importFile(registry, target, call, machine);
  const options = readOptions(target, rest, verb.toLowerCase() === 'export');
  if (options === 'key') return failed(1, badKey[language]);
  if (!options) return failed(1, syntax[language]);
  switch (verb.toLowerCase()) {
    case 'query':
      return query(registry, options, machine);
    case 'add':
      return add(registry, options, call, machine);
    case 'delete':
      return remove(registry, options, call, machine);
    case 'export':
      return exportFile(registry, options, rest[0], call, machine);
    default:
      return failed(1, syntax[language]);
  }
};

function readOptions(target: string, rest: string[], hasFile: boolean): Options | 'key' | undefined {
  const taken: Record<string, string> = {};
  const flags = new Set<string>();
  for (let at = hasFile ? 1 : 0; at < rest.length; at++) {
    const option = rest[at]!.toLowerCase();
    if (['/v', '/t', '/d'].includes(option) || (option === '/s' && rest[at + 1]?.length === 1)) {
      const value = rest[++at];
      if (value === undefined) return undefined;
      taken[option] = value;
    } else if (/^\/(ve|va|s|f|y|z|reg:(32|64))$/.test(option)) flags.add(option);
    else return undefined;
  }
  const key = keyPath(target, flags.has('/reg:32') ? 32 : 64);
  if (key === undefined) return 'key';
  const name = flags.has('/ve') ? '' : taken['/v'];
  return {
    key,
    all: flags.has('/va'),
    deep: flags.has('/s'),
    force: flags.has('/f') || flags.has('/y'),
    ...(name !== undefined && { name }),
    ...(taken['/t'] !== undefined && { type: taken['/t'] }),
    ...(taken['/d'] !== undefined && { data: taken['/d'] }),
    ...(taken['/s'] !== undefined && { separator: taken['/s'] }),
  };
}

function query(registry: Registry, { key, name, deep }: Options, { language }: Machine): Answer {
  if (!registry.has(key)) return failed(1, missing[language]);
  const keys = deep ? descendants(registry, key) : [key];
  const blocks: string[] = [];
  let hits = 0;
  for (const one of keys) {
    const values = registry.values(one)!.filter(value => name === undefined || same(value.name, name));
    hits += values.length;
    if (values.length === 0 && (name !== undefined || !deep)) continue;
    blocks.push(`\n${registry.spelling(one)}\n${values.map(value => line(value, language)).join('')}`);
  }
  if (name !== undefined && hits === 0) return failed(1, missing[language]);
  const below = deep || name !== undefined ? [] : registry.children(key);
  const tail = below.length > 0 ? `\n${below.join('\n')}\n` : blocks.length > 0 ? '\n' : '';
  return said(`${blocks.join('')}${tail}`);
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

const line = (value: RegistryValue, language: Machine['language']): string =>
  `    ${value.name === '' ? defaultName[language] : value.name}    ${value.type}    ${printValue(value)}\n`;

const descendants = (registry: Registry, key: string): string[] => [
  key,
  ...registry.children(key).flatMap(child => descendants(registry, child)),
];

async function add(registry: Registry, options: Options, call: Call, machine: Machine): Promise<Answer> {
  const { key, name, type = 'REG_SZ', data = '', separator, force } = options;
  const { language, files } = machine;
  const known = valueTypes.find(one => one === type.toUpperCase()) as ValueType | undefined;
  if (!known) return failed(1, syntax[language]);
  if (name === undefined) registry.ensure(key);
  else {
    // Without /f it asks on the console; nobody answers a program.
    if (registry.value(key, name) && !force && !answersYes(call)) return failed(1, '');
    const value = parseValue(name, known, data === '' && /WORD$/.test(known) ? '0' : data, separator);
    if (!value) return failed(1, syntax[language]);
    registry.set(key, value);
  }
  await registry.save(files);
  return said(done[language]);
}

const answersYes = ({ input }: Call) => /^\s*(y|yes|j|ja)/i.test(input);

async function remove(registry: Registry, options: Options, call: Call, machine: Machine): Promise<Answer> {
  const { key, name, all, force } = options;
  const { language, files } = machine;
  if (!force && !answersYes(call)) return failed(1, '');
  if (!registry.has(key)) return failed(1, missing[language]);
  if (all) for (const value of registry.values(key)!) registry.removeValue(key, value.name);
  else if (name === undefined) registry.removeKey(key);
  else if (!registry.removeValue(key, name)) return failed(1, missing[language]);
  await registry.save(files);
  return said(done[language]);
}

async function exportFile(
  registry: Registry,
  { key, force }: Options,
  file: string | undefined,
  call: Call,
  { files, language }: Machine,
): Promise<Answer> {
  if (file === undefined) return failed(1, syntax[language]);
  if (!registry.has(key)) return failed(1, missing[language]);
  const path = win32.resolve(call.cwd, file);
  if (!force && (await files.stat(path)) && !answersYes(call)) return failed(1, '');
  await files.writeAtomic(path, exportKey(registry, key));
  return said(done[language]);
}

async function importFile(registry: Registry, file: string, call: Call, machine: Machine): Promise<Answer> {
  const { files, language } = machine;
  const bytes = await files.read(win32.resolve(call.cwd, file));
  if (!bytes || !importText(registry, bytes)) return failed(1, badFile[language]);
  await registry.save(files);
  // Success, on stderr nonetheless.
  return { ...failed(0, done[language]) };
}
