import { namesSecret } from '../../resources/shared/secret-names.ts';
import type { Recogniser } from './tools.ts';

const kinds: Record<string, string> = {
  REG_SZ: 'string',
  REG_EXPAND_SZ: 'expand',
  REG_MULTI_SZ: 'multi',
  REG_DWORD: 'dword',
  REG_QWORD: 'qword',
  REG_BINARY: 'binary',
};
const hives: Record<string, string> = {
  HKEY_LOCAL_MACHINE: 'HKLM',
  HKEY_CLASSES_ROOT: 'HKCR',
  HKEY_USERS: 'HKU',
  HKEY_CURRENT_USER: 'HKCU',
  HKEY_CURRENT_CONFIG: 'HKCC',
};

export const reg: Recogniser = (words, drafts, at) => {
  const verb = words.next()?.toLowerCase() ?? '';
  if (/^(query|export|save|compare)$/.test(verb)) return { needless: 'reads' };
  if (verb !== 'add' && verb !== 'delete') return { why: 'this use of reg is not known' };
  const path = words.next() ?? '';
  if (path.startsWith('\\\\')) return { why: 'it changes the registry of another machine' };
  const view = words.flag('reg:32') ? 32 : 64;
  words.flag('f', 'reg:64');
  const isDefault = words.flag('ve');
  const name = isDefault ? '' : words.value('v');
  if (name === undefined)
    return { why: 'only values, with a name (`/v`) or the default one (`/ve`), are known' };
  const title = titleOf(path, name, view);
  if (verb === 'delete') {
    drafts.absent('registry_value', title, at);
    return undefined;
  }
  const type = (words.value('t') ?? 'REG_SZ').toUpperCase();
  const kind = kinds[type];
  if (kind === undefined) return { why: `registry_value has no kind for ${type}` };
  const data = words.value('d') ?? '';
  const separator = kind === 'multi' ? (words.value('s') ?? '\\0') : '\\0';
  if (data !== '' && namesSecret(name))
    return { why: `the name ${name} says that it is a secret, and registry_value takes none` };
  if (kind !== 'expand' && /%\w+%/.test(data))
    return { why: 'its value is computed, and nothing here is evaluated' };
  const isNumber = kind === 'dword' || kind === 'qword';
  if (isNumber && !/^(0x[0-9a-f]+|\d+)$/i.test(data)) return { why: `${data} is not a number` };
  const isSmall = isNumber && Number.isSafeInteger(Number(data));
  drafts.set('registry_value', title, at, {
    kind,
    value: isSmall ? Number(data) : kind === 'multi' ? data.split(separator).filter(Boolean) : data,
  });
  return undefined;
};

/** One value has one title: hives by their short names, and what 32-bit programs see where it really lies. */
function titleOf(path: string, name: string, view: 32 | 64): string {
  const [hive = '', ...keys] = path.replace(/\\$/, '').split('\\');
  const short = hives[hive.toUpperCase()] ?? hive.toUpperCase();
  const isLed = view === 32 && short === 'HKLM' && keys[0]?.toLowerCase() === 'software';
  const own =
    isLed && keys[1]?.toLowerCase() !== 'wow6432node' ? [keys[0]!, 'WOW6432Node', ...keys.slice(1)] : keys;
  return [short, ...own, name].join('\\');
}
