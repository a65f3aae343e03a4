import { join } from 'node:path';
import { isMap, type Node } from 'yaml';
import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { isSecretRef, type Json } from '../../engine/model/catalog.ts';
import { pointerTo } from '../../engine/model/pointer.ts';
import type { ReadFiles } from '../../io/ports.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { newReading, textsOf } from '../scope/reading.ts';
import { below, type Scope, type Sourced, type Trace } from '../scope/scope.ts';
import { displayName, readTextFile } from '../syntax/find-files.ts';
import { parseManifest } from '../syntax/parse.ts';
import { coreValue, found, ownText } from '../syntax/scalar.ts';
import type { NamesSecret } from '../syntax/secret-names.ts';
import { maskedText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import { readMap } from '../values/read-value.ts';

type Report = (diagnostic: Diagnostic) => void;

/** One layer of data: values by name, and where each stands by JSON pointer. */
export interface DataLayer {
  from: string;
  value: { [key: string]: Json };
  places: ReadonlyMap<string, SourceRange>;
  traces?: ReadonlyMap<string, Trace>;
  texts?: ReadonlyMap<string, string>;
}

/** Any value, with references to secrets at any depth. */
export const anyValue: JsonSchema = { anyOf: [] };
anyValue.anyOf = [{ additionalProperties: anyValue, items: anyValue }, { 'x-secret': true }];
const anyMap: JsonSchema = { type: 'object', additionalProperties: anyValue };

/**
 * Merges layers, later ones over earlier ones: maps deep, lists replace, null removes. A map in the
 * place of something else, or the reverse, is a mistake in the later layer.
 */
export function mergeLayers(layers: readonly DataLayer[], report: Report): Sourced {
  let value: { [key: string]: Json } = {};
  layers.forEach((layer, index) => {
    value = over(value, layer.value, [], layer, layers.slice(0, index), report);
  });
  return {
    value,
    texts: new Map(layers.flatMap(({ texts }) => [...(texts ?? [])])),
    layers: path =>
      layers.flatMap(({ from, value, places, traces }) => {
        const found = path.reduce<Json | undefined>(below, value);
        if (found === undefined) return [];
        const at = places.get(pointerTo(path));
        const trace = traces?.get(pointerTo(path));
        return [{ from, value: found, ...(at && { at }), ...(trace && { trace }) }];
      }),
  };
}

const isMapValue = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isSecretRef(value);

function over(
  base: { [key: string]: Json },
  next: { [key: string]: Json },
  path: string[],
  layer: DataLayer,
  before: readonly DataLayer[],
  report: Report,
): { [key: string]: Json } {
  const result = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(next)) {
    const here = [...path, name];
    const old = Object.hasOwn(base, name) ? base[name] : undefined;
    if (value === null) result.delete(name);
    else if (isMapValue(value) && (old === undefined || isMapValue(old)))
      result.set(name, over(old ?? {}, value, here, layer, before, report));
    else if (old !== undefined && isMapValue(value) !== isMapValue(old)) {
      const first = before.findLast(({ value }) => here.reduce<Json | undefined>(below, value) != null);
      const at = layer.places.get(pointerTo(here));
      const related = first?.places.get(pointerTo(here));
      report(
        given(
          'data-shape',
          `\`${here.join('.')}\` in ${layer.from} is ${found(value)}, and ${found(old)} in ${first?.from ?? 'a layer below'}`,
          {
            ...(at && { at }),
            hint: 'give it the same shape in every layer, or remove it with null in one between',
            ...(related && { related: [{ message: 'here in the other layer', at: related }] }),
          },
        ),
      );
    } else result.set(name, value);
  }
  return Object.fromEntries(result);
}

/** Reads a map of data, from a file of its own or from below `data:`. */
export function readData(
  file: SourceFile,
  node: Node,
  from: string,
  report: Report,
  scope?: Scope,
): DataLayer {
  const reading = newReading(file, `\`data\``, placeOf(file, node), report, { scope });
  const places = new Map<string, SourceRange>();
  const traces = new Map<string, Trace>();
  if (!isMap(node)) {
    const message = '`data`: expected a map of names and values';
    report(given('data-shape', message, { at: placeOf(file, node) }));
    return { from, value: {}, places };
  }
  const value = readMap(node, anyMap, '', reading);
  for (const [pointer, { at, trace }] of reading.visits) {
    places.set(pointer, at);
    if (trace) traces.set(pointer, trace);
  }
  return { from, value, places, traces, texts: textsOf(reading) };
}

const dataFile = { name: 'data file', keys: 'your own names', hint: 'write `name: value`' };

/**
 * The layers in `data/` beside the manifests: common.yaml, ENV.yaml, hosts/HOST.yaml. The nearest folder
 * that has any of them is used.
 */
export async function readDataFiles(
  folders: string[],
  {
    environment,
    hostname,
    files,
    cwd,
  }: {
    environment?: string | undefined;
    hostname(): Promise<string>;
    files: ReadFiles;
    cwd: string;
  },
  namesSecret: NamesSecret,
  sources: Map<string, string>,
  report: Report,
): Promise<DataLayer[]> {
  const environments = new Set<string>();
  for (const folder of folders) {
    const dir = join(folder, 'data');
    const names = await files.list(dir).catch(() => undefined);
    if (!names) continue;
    for (const name of names) {
      const environment = /^(.+)\.ya?ml$/.exec(name)?.[1];
      if (environment && environment !== 'common') environments.add(environment);
    }
    const wanted = ['common', ...(environment === undefined ? [] : [environment])].map(
      name => `${name}.yaml`,
    );
    if (!names.includes('hosts') && !wanted.some(name => names.includes(name))) continue;
    const hosts = names.includes('hosts') ? ((await files.list(join(dir, 'hosts'))) ?? []) : [];
    if (hosts.length > 0) {
      const host = `${await hostname()}.yaml`;
      if (hosts.includes(host)) wanted.push(`hosts/${host}`);
    }
    if (environment !== undefined && !names.includes(`${environment}.yaml`))
      report(noEnvironment(environment, environments));
    const layers: DataLayer[] = [];
    for (const name of wanted) {
      const path = join(dir, name);
      const shown = displayName(path, cwd);
      if (!(await files.stat(path))) continue;
      const text = await readTextFile(path, shown, files, report);
      if (text === undefined) continue;
      const { file, readable } = parseManifest(shown, text, namesSecret, report, dataFile);
      if (readable) layers.push(readData(file, file.root, shown, report));
      sources.set(shown, maskedText(file));
    }
    return layers;
  }
  if (environment !== undefined) report(noEnvironment(environment, environments));
  return [];
}

function noEnvironment(environment: string, known: ReadonlySet<string>): Diagnostic {
  const hint = suggest(environment, known) ?? `write data/${environment}.yaml beside the manifests`;
  return given('no-environment', `there is no data/${environment}.yaml for --env ${environment}`, { hint });
}

/** `--set a.b=value`, each a layer above all files. The value is read as YAML reads a plain scalar. */
export function readSettings(settings: readonly string[], report: Report): DataLayer[] {
  return settings.flatMap(setting => {
    const equals = setting.indexOf('=');
    const path = setting.slice(0, Math.max(equals, 0)).split('.');
    if (equals < 1 || path.includes('')) {
      const hint = 'write --set name=value or --set outer.inner=value';
      report(given('bad-setting', '--set takes a name and a value', { hint }));
      return [];
    }
    const value = path.reduceRight<Json>(
      (inner, name) => Object.fromEntries([[name, inner]]),
      coreValue(setting.slice(equals + 1)),
    );
    const text = ownText({ type: 'PLAIN', value: setting.slice(equals + 1) });
    const texts = new Map(text === undefined ? [] : [[pointerTo(path), text]]);
    return [{ from: '--set', value: value as { [key: string]: Json }, places: new Map(), texts }];
  });
}
