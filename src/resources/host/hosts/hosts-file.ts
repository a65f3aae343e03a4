import { addressFamily, canonicalAddress } from '../../../io/ip-address.ts';

/** One line of a hosts file, with all that has to be kept. */
export interface HostsLine {
  /** As it is in the file, without its end. */
  text: string;
  /** `\n`, `\r\n`, or nothing for a last line without one. */
  end: string;
  address?: string;
  names: string[];
}

/** Bytes that are not UTF-8 survive as latin1 does: nothing but ASCII is ever looked at. */
const encoding = 'latin1';
const byteOrderMark = '\u00ef\u00bb\u00bf';

/** Lines of a hosts file; undefined when it is UTF-16, which no resolver reads. */
export function parseHosts(bytes: Buffer): HostsLine[] | undefined {
  if (bytes.length >= 2 && (bytes.readUInt16LE(0) === 0xfeff || bytes.readUInt16BE(0) === 0xfeff))
    return undefined;
  const lines = bytes.toString(encoding).match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return lines.map(line => {
    const end = /\r?\n$/.exec(line)?.[0] ?? '';
    return parseLine(line.slice(0, line.length - end.length), end);
  });
}

function parseLine(text: string, end: string): HostsLine {
  const content = text.replace(byteOrderMark, '').replace(/#.*/, '').trim();
  const [address, ...names] = content.split(/\s+/);
  return { text, end, names, ...(address !== undefined && address !== '' && { address }) };
}

export const writeHosts = (lines: readonly HostsLine[]): Buffer =>
  Buffer.from(lines.map(({ text, end }) => text + end).join(''), encoding);

/** IPv4 and IPv6 addresses of one name stand side by side; each is its own entry. */
export const familyOf = (address: string): 4 | 6 => (addressFamily(address) === 6 ? 6 : 4);

/** Addresses are compared by what they mean: `::1` is `0:0:0:0:0:0:0:1`. */
export function sameAddress(a: string, b: string): boolean {
  return canonicalAddress(a) === canonicalAddress(b);
}

const isName = (name: string) => (other: string) => other.toLowerCase() === name.toLowerCase();

/** Addresses of one family that a name has, in the order of the file, each once. */
export function addressesOf(lines: readonly HostsLine[], name: string, family: 4 | 6): string[] {
  const found = lines.filter(
    ({ address, names }) => address !== undefined && familyOf(address) === family && names.some(isName(name)),
  );
  return [...new Set(found.map(({ address }) => canonicalAddress(address!)))];
}

/**
 * The file with `names` standing for `address` and, of its family, for no other. What else is on a line, its
 * comment and its white space stay; a line that is left without a name goes.
 */
export function withEntry(
  lines: readonly HostsLine[],
  { address, names }: { address: string; names: readonly string[] },
  newline: string,
): HostsLine[] {
  const kept = withoutNames(lines, names, familyOf(address), line => sameAddress(line, address));
  const missing = names.filter(name => addressesOf(kept, name, familyOf(address)).length === 0);
  if (missing.length === 0) return kept;
  const at = kept.findIndex(
    line =>
      line.address !== undefined && sameAddress(line.address, address) && line.names.some(isName(names[0]!)),
  );
  if (at >= 0) return kept.with(at, insertNames(kept[at]!, missing));
  const last = kept.at(-1);
  const ended = last && last.end === '' ? kept.with(-1, { ...last, end: newline }) : kept;
  return [...ended, parseLine(`${address}\t${missing.join(' ')}`, newline)];
}

/** The file without `names` in one family, but on lines whose address may `keep` them. */
export function withoutNames(
  lines: readonly HostsLine[],
  names: readonly string[],
  family: 4 | 6,
  keep: (address: string) => boolean = () => false,
): HostsLine[] {
  return lines.flatMap(line => {
    const { address } = line;
    if (address === undefined || familyOf(address) !== family || keep(address)) return line;
    const gone = line.names.filter(name => names.some(isName(name)));
    if (gone.length === 0) return line;
    if (gone.length === line.names.length) return [];
    return parseLine(removeWords(line.text, gone), line.end);
  });
}

function removeWords(text: string, words: readonly string[]): string {
  const [, content = '', comment = ''] = /^([^#]*)(#.*)?$/s.exec(text) ?? [];
  const left = words.reduce((rest, word) => {
    const at = rest.split(/(\s+)/);
    // The address is a word as well, and never one of the names.
    return at
      .flatMap((part, index) => (index > 1 && isName(word)(part) ? ['\0'] : [part]))
      .join('')
      .replace(/\s+\0/g, '');
  }, content);
  return left + comment;
}

function insertNames({ text, end }: HostsLine, names: readonly string[]): HostsLine {
  const [, content = '', space = '', comment = ''] = /^([^#]*?)(\s*)(#.*)?$/s.exec(text) ?? [];
  return parseLine(`${content} ${names.join(' ')}${space}${comment}`, end);
}
