import type { Registry } from './store.ts';
import type { RegistryValue } from './values.ts';

const header = 'Windows Registry Editor Version 5.00';

/** `reg export`: UTF-16LE with a byte order mark, CR LF. */
export function exportKey(registry: Registry, path: string): Buffer {
  const lines: string[] = [];
  const add = (key: string) => {
    lines.push('', `[${registry.spelling(key)}]`, ...registry.values(key)!.map(printLine));
    for (const child of registry.children(key)) add(child);
  };
  add(path);
  return Buffer.from(`\ufeff${[header, ...lines, '', ''].join('\r\n')}`, 'utf16le');
}

function printLine(value: RegistryValue): string {
  const name = value.name === '' ? '@' : quote(value.name);
  switch (value.type) {
    case 'REG_SZ':
      return `${name}=${quote(value.data)}`;
    case 'REG_DWORD':
      return `${name}=dword:${Number(value.data).toString(16).padStart(8, '0')}`;
    case 'REG_EXPAND_SZ':
      return hexLine(`${name}=hex(2):`, Buffer.from(`${value.data}\0`, 'utf16le'));
    case 'REG_MULTI_SZ':
      return hexLine(
        `${name}=hex(7):`,
        Buffer.from(`${value.data.map(line => `${line}\0`).join('')}\0`, 'utf16le'),
      );
    case 'REG_QWORD': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value.data));
      return hexLine(`${name}=hex(b):`, bytes);
    }
    case 'REG_BINARY':
      return hexLine(`${name}=hex:`, Buffer.from(value.data, 'hex'));
    case 'REG_NONE':
      return hexLine(`${name}=hex(0):`, Buffer.from(value.data, 'hex'));
  }
}

const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** Lines of at most 80 characters, continued with a backslash and two blanks. */
function hexLine(start: string, bytes: Buffer): string {
  let line = start;
  let whole = '';
  for (const [index, byte] of bytes.entries()) {
    const piece = `${byte.toString(16).padStart(2, '0')}${index < bytes.length - 1 ? ',' : ''}`;
    if (line.length + piece.length > 79) {
      whole += `${line}\\\r\n`;
      line = '  ';
    }
    line += piece;
  }
  return whole + line;
}

/** `reg import`: whether the text was a registry file. Keys and values with a minus are removed. */
export function importText(registry: Registry, bytes: Buffer): boolean {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  const text = (isWide ? bytes.subarray(2).toString('utf16le') : bytes.toString('latin1')).replace(
    /\\\r?\n\s*/g,
    '',
  );
  const [first = '', ...lines] = text.split(/\r?\n/);
  if (first.trim() !== header && first.trim() !== 'REGEDIT4') return false;
  let key: string | undefined;
  for (const line of lines) {
    const section = /^\[(-?)(.+)\]\s*$/.exec(line);
    if (section) {
      key = section[1] === '' ? section[2] : undefined;
      if (key === undefined) registry.removeKey(section[2]!);
      else registry.ensure(key);
      continue;
    }
    const assigned = /^(@|"(?:[^"\\]|\\.)*")\s*=\s*(.*)$/.exec(line.trim());
    if (!assigned || key === undefined) continue;
    const name = assigned[1] === '@' ? '' : unquote(assigned[1]!);
    if (assigned[2] === '-') registry.removeValue(key, name);
    else {
      const value = readValue(name, assigned[2]!);
      if (value) registry.set(key, value);
    }
  }
  return true;
}

const unquote = (text: string) => text.slice(1, -1).replace(/\\(.)/g, '$1');

function readValue(name: string, written: string): RegistryValue | undefined {
  if (/^".*"$/.test(written)) return { name, type: 'REG_SZ', data: unquote(written) };
  const number = /^dword:([0-9a-f]{1,8})$/i.exec(written);
  if (number) return { name, type: 'REG_DWORD', data: String(Number.parseInt(number[1]!, 16)) };
  const hex = /^hex(?:\(([0-9a-f])\))?:([0-9a-f,\s]*)$/i.exec(written);
  if (!hex) return undefined;
  const bytes = Buffer.from(hex[2]!.replace(/[,\s]/g, ''), 'hex');
  const wide = () => bytes.toString('utf16le');
  switch (hex[1]?.toLowerCase()) {
    case undefined:
    case '3':
      return { name, type: 'REG_BINARY', data: bytes.toString('hex').toUpperCase() };
    case '0':
      return { name, type: 'REG_NONE', data: bytes.toString('hex').toUpperCase() };
    case '1':
    case '2':
      return { name, type: hex[1] === '1' ? 'REG_SZ' : 'REG_EXPAND_SZ', data: wide().replace(/\0$/, '') };
    case '4':
      return { name, type: 'REG_DWORD', data: String(bytes.readUInt32LE()) };
    case '7':
      return { name, type: 'REG_MULTI_SZ', data: wide().split('\0').filter(Boolean) };
    case 'b':
      return { name, type: 'REG_QWORD', data: String(bytes.readBigUInt64LE()) };
    default:
      return undefined;
  }
}
