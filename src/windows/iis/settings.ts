import { canonicalAddress } from '../../io/ip-address.ts';
import type { XmlElement } from '../../io/xml.ts';
import { timespan } from './timespan.ts';

/**
 * The attributes of a configuration element and of those inside, by path without case:
 * `processmodel.idletimeout`. Rows of collections are left out.
 */
export function settingsOf(element: XmlElement): Map<string, string> {
  const found = new Map<string, string>();
  const walk = ({ attributes, children }: XmlElement, prefix: string): void => {
    for (const [name, value] of attributes) found.set(`${prefix}${name}`.toLowerCase(), value);
    for (const child of children) if (!rows.has(child.name)) walk(child, `${prefix}${child.name}.`);
  };
  walk(element, '');
  return found;
}

const rows = new Set(['add', 'clear', 'remove', 'application', 'binding', 'virtualDirectory']);

/**
 * A value in the one form that both sides are compared in: `True` and `true`, `29:00:00` and
 * `1.05:00:00`, flags in any order are one.
 */
export function canonicalValue(value: string | number | boolean): string {
  const text = String(value).trim();
  if (/^(true|false)$/i.test(text)) return text.toLowerCase();
  return timespan(text) ?? text;
}

/** The same for a named one: what is an address has the one form of addresses. */
export const canonicalSetting = (name: string, value: string | number | boolean): string =>
  /ipaddress$/i.test(name) ? canonicalAddress(canonicalValue(value)) : canonicalValue(value);

/**
 * As canonicalValue, and in what IIS says, whose type a value alone doesn't tell: names of an enum without
 * case (`W3C`), flags (`Time, Schedule`) in any order, `1` for true, `05` and `0x5` for 5.
 */
export function sameSetting(is: string | undefined, should: string | number | boolean): boolean {
  if (is === undefined) return false;
  const [a, b] = [canonicalValue(is), canonicalValue(should)];
  return a === b || flags(a) === flags(b) || isSwitch(a, b) || (/^\d+$/.test(a) && isNumber(a, b));
}

const isSwitch = (is: string, should: string): boolean =>
  (is === 'true' && should === '1') || (is === 'false' && should === '0');

const isNumber = (is: string, should: string): boolean =>
  /^(\d+|0x[\da-f]+)$/i.test(should) && BigInt(is) === BigInt(should);

const flags = (text: string): string =>
  /^[A-Za-z\d]+(\s*,\s*[A-Za-z\d]+)*$/.test(text)
    ? text
        .split(',')
        .map(one => one.trim().toLowerCase())
        .sort()
        .join(',')
    : text;
