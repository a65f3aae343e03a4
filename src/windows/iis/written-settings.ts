import type { XmlElement } from '../../io/xml.ts';
import { isRow, type WrittenRow } from './config-rows.ts';
import { isSecretAttribute } from './secret-attributes.ts';

/** What is in an element of the configuration, in the words of a manifest. */
export interface WrittenSettings {
  /** By path in IIS's own spelling: `processModel.idleTimeout`. */
  attributes: Record<string, string | number | boolean>;
  /** Rows by the path of their collection; '' is the element's own. */
  rows: Record<string, WrittenRow[]>;
  /** Collections that begin with `<clear />`: nothing is inherited. */
  cleared: string[];
  /** What `<remove>` takes from an inherited collection, for people. */
  removed: string[];
  /** Attributes that hold a password, which is left out. */
  secrets: string[];
}

/** Attributes and rows of `element` and of the elements inside, but of those that are left `out`. */
export function writtenSettings(element: XmlElement, out: readonly string[] = []): WrittenSettings {
  const found: WrittenSettings = { attributes: {}, rows: {}, cleared: [], removed: [], secrets: [] };
  const walk = (at: XmlElement, path: string): void => {
    const prefix = path === '' ? '' : `${path}.`;
    for (const [name, value] of at.attributes) {
      if (aboutLocks.test(name)) continue;
      if (isSecret(name, value)) found.secrets.push(`${prefix}${name}`);
      else found.attributes[`${prefix}${name}`] = scalar(value);
    }
    for (const one of at.children) {
      if (out.includes(one.name)) continue;
      if (one.name === 'clear') found.cleared.push(path);
      else if (one.name === 'remove') found.removed.push([...one.attributes.values()].join(' '));
      else if (isRow(one)) found.rows[path] = [...(found.rows[path] ?? []), rowOf(one, found.secrets)];
      else walk(one, `${prefix}${one.name}`);
    }
  };
  walk(element, '');
  return found;
}

function rowOf(element: XmlElement, secrets: string[]): WrittenRow {
  const row: WrittenRow = {};
  const walk = (at: XmlElement, prefix: string): void => {
    for (const [name, value] of at.attributes) {
      if (aboutLocks.test(name)) continue;
      if (isSecret(name, value)) secrets.push(`${prefix}${name}`);
      else row[`${prefix}${name}`] = scalar(value);
    }
    for (const one of at.children) {
      if (one.name === 'clear' || one.name === 'remove') continue;
      if (isRow(one))
        row[at.name] = [...((row[at.name] as WrittenRow[] | undefined) ?? []), rowOf(one, secrets)];
      else walk(one, `${prefix}${one.name}.`);
    }
  };
  walk(element, '');
  // `<add name="API_KEY" value="…" />`
  const name = String(row.name ?? row.key ?? '');
  if (row.value !== undefined && /password|secret|token|api[_-]?key|access[_-]?key/i.test(name)) {
    secrets.push(name);
    delete row.value;
  }
  return row;
}

/** `lockItem`, `lockAllAttributesExcept` and the like, and where the section lies. */
const aboutLocks = /^(lock[A-Z]\w*|overrideMode|allowDefinition|configSource)$/;

/** IIS encrypts the attributes that its schema says so of. */
const isSecret = (name: string, value: string): boolean =>
  (isSecretAttribute(name) && value !== '') || value.startsWith('[enc:');

/** `true`, `12` and the like as what they are; everything else stays text. */
function scalar(text: string): string | number | boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
