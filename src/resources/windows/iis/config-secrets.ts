import { isSecretRef, type SecretRef } from '../../../engine/model/catalog.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import { child } from '../../../engine/model/pointer.ts';
import type { Step } from '../../../engine/model/resource-type.ts';
import { hasOwnSecret } from '../../../windows/iis/config-arguments.ts';
import { type KeyOf, keyNames, type Row, type Rows } from '../../../windows/iis/config-rows.ts';
import {
  addSecretRow,
  setSecretAttribute,
  type Way,
  type WrittenAt,
} from '../../../windows/iis/web-configuration.ts';
import { isChanged } from '../../shared/each-step.ts';
import type { ConfigProperties, ConfigState } from './config-properties.ts';

/** A secret of a section, and the element that it is in. */
interface Place {
  pointer: string;
  way: Way;
  name: string;
  ref: SecretRef;
}

/** A row that is new and has secrets of its own: what adds it must say them. */
interface NewRow {
  way: Way;
  row: Row;
}

const parts = (path: string): string[] => path.split('.').filter(Boolean);

type Change = Exclude<Step<ConfigProperties, ConfigState>, { kind: 'delete' }>;

/**
 * Adds new rows with secrets of their own, whole, by PowerShell: before what is said about their elements.
 */
export async function addSecretRows(step: Change, keys: KeyOf, at: WrittenAt, io: WriteIo): Promise<void> {
  for (const { way, row } of found(step, keys).rows) {
    const said: Record<string, string> = {};
    for (const [name, value] of Object.entries(row)) {
      if (name.includes('.')) continue;
      if (isSecretRef(value)) said[name] = await io.secret(value);
      else if (typeof value === 'string') said[name] = value;
    }
    await addSecretRow(io, at, way, said);
  }
}

/** Sets the other secrets that differ, when their rows are there. */
export async function setSecrets(step: Change, keys: KeyOf, at: WrittenAt, io: WriteIo): Promise<void> {
  for (const { pointer, way, name, ref } of found(step, keys).places)
    if (isChanged(step, pointer))
      await setSecretAttribute(io, at, way, { name, value: await io.secret(ref) });
}

function found(step: Change, keys: KeyOf): { places: Place[]; rows: NewRow[] } {
  const places: Place[] = [];
  const rows: NewRow[] = [];
  const is: ConfigState = step.kind === 'update' ? step.is : {};
  const inElement = (attributes: Record<string, unknown>, way: Way, pointer: string) => {
    for (const [path, ref] of Object.entries(attributes)) {
      if (!isSecretRef(ref)) continue;
      const names = parts(path);
      const name = names.pop()!;
      places.push({ pointer: child(pointer, path), way: [...way, ...names], name, ref });
    }
  };
  const inRows = (collection: string, should: Rows, before: Rows, way: Way, pointer: string) => {
    const parent = [...way, ...parts(collection)];
    for (const [id, row] of Object.entries(should)) {
      const names = keyNames(keys(collection) ?? []);
      const key = Object.fromEntries(
        names.flatMap(name => (typeof row[name] === 'string' ? [[name, row[name]] as const] : [])),
      );
      const here = child(pointer, id);
      const isNew = !before[id] && hasOwnSecret(row);
      if (isNew) rows.push({ way: parent, row });
      const others = isNew ? Object.entries(row).filter(([name]) => name.includes('.')) : Object.entries(row);
      inElement(Object.fromEntries(others), [...parent, key], here);
      for (const [name, value] of Object.entries(row)) {
        if (typeof value !== 'object' || isSecretRef(value)) continue;
        const inside = before[id]?.[name];
        const known = typeof inside === 'object' && !isSecretRef(inside) ? inside : {};
        inRows(name, value, known, [...parent, key], child(here, name));
      }
    }
  };
  const { attributes = {}, items, collections = {} } = step.should;
  inElement(attributes, [], '/attributes');
  if (items) inRows('', items, is.items ?? {}, [], '/items');
  for (const [name, some] of Object.entries(collections))
    inRows(name, some, is.collections?.[name] ?? {}, [], child('/collections', name));
  return { places, rows };
}

/** Where a section is written, for PowerShell's module. */
export function writtenAt(section: string, path: string, commit: 'apphost' | 'site' | 'app'): WrittenAt {
  const host = 'MACHINE/WEBROOT/APPHOST';
  if (commit === 'apphost') return { section, place: host, location: path };
  if (commit === 'app') return { section, place: `${host}/${path}`, location: '' };
  const [site = '', ...rest] = path.split('/');
  return { section, place: `${host}/${site}`, location: rest.join('/') };
}
