import { join } from 'node:path';
import { isMap, isScalar, type Node } from 'yaml';
import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import type { FileStat, ReadFiles } from '../../io/ports.ts';
import { type JsonSchema, valueSchema } from '../schema/json-schema.ts';
import { newReading, resolved } from '../scope/reading.ts';
import { type DataLayer, readData } from '../sections/data-layers.ts';
import { checkLanguage, topLevel } from '../sections/language.ts';
import { displayName, readTextFile } from '../syntax/find-files.ts';
import { parseManifest } from '../syntax/parse.ts';
import { quoted } from '../syntax/scalar.ts';
import type { NamesSecret } from '../syntax/secret-names.ts';
import { keyText, maskedText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import { entriesOf } from '../values/entries.ts';
import { metaparameters, moduleMetaparameters, reservedMetaparameters } from '../values/metaparameters.ts';
import { readMap } from '../values/read-value.ts';
import { checkParameters } from './check-parameters.ts';

type Report = (diagnostic: Diagnostic) => void;

/** A parsed `module.yaml`. */
export interface Module {
  name: string;
  file: SourceFile;
  description: string;
  /** What may be below a title of the module: its parameters and the metaparameters that it takes. */
  body: JsonSchema;
  parameters: JsonSchema;
  /** Where the default of a parameter stands; a parameter without one is required. */
  defaults: ReadonlyMap<string, Node>;
  data: DataLayer | undefined;
  resources: Node | null;
}

/** The modules that manifests may use, by name. */
export interface Modules {
  names: readonly string[];
  /** Undefined when there is none, `broken` when it has a mistake that was reported. */
  load(name: string): Promise<Module | 'broken' | undefined>;
}

const keys = ['converge', 'description', 'parameters', 'data', 'resources'];
const moduleFile = {
  name: 'module',
  keys: '`converge`, `parameters` and `resources`',
  hint: 'a module starts with `converge: 1`',
};

/** Where inodes are unknown (0), two paths are two files. */
const isSameFile = (one: FileStat, other: FileStat): boolean =>
  one.inode !== 0n && one.inode === other.inode && one.ctimeNs === other.ctimeNs && one.size === other.size;

/**
 * Finds the folders `modules/NAME` that hold a `module.yaml`. A module named like a type or like another
 * module is a mistake, never shadowing.
 */
export async function findModules(
  folders: string[],
  {
    registry,
    files,
    cwd,
    namesSecret,
    prepare,
    sources,
    report,
  }: {
    registry: Registry;
    files: ReadFiles;
    cwd: string;
    namesSecret: NamesSecret;
    prepare(file: SourceFile): Promise<void>;
    sources: Map<string, string>;
    report: Report;
  },
): Promise<Modules> {
  const found = new Map<string, { path: string; stat: FileStat }>();
  for (const folder of new Set(folders)) {
    const names = (await files.list(folder).catch(() => undefined)) ?? [];
    for (const name of [...names].sort()) {
      const path = join(folder, name, 'module.yaml');
      const stat = await files.stat(path).catch(() => undefined);
      if (!stat) continue;
      const first = found.get(name);
      // pnpm links packages: one folder is there by two paths.
      if (first && isSameFile(first.stat, stat)) continue;
      const shown = displayName(path, cwd);
      const at = { file: shown, line: 1, column: 1 };
      const type = registry.types.get(name);
      if (type) {
        const of = type.origin && { file: type.origin.file, line: 1, column: 1 };
        report(
          given('module-name', `the module ${quoted(name)} is named like a resource type`, {
            at,
            hint: 'give its folder another name',
            ...(of && { related: [{ message: 'the type', at: of }] }),
          }),
        );
      } else if (first)
        report(
          given('module-name', `there are two modules ${quoted(name)}`, {
            at,
            hint: 'give the folder of one another name',
            related: [
              { message: 'the other one', at: { file: displayName(first.path, cwd), line: 1, column: 1 } },
            ],
          }),
        );
      else found.set(name, { path, stat });
    }
  }
  const loaded = new Map<string, Promise<Module | 'broken'>>();
  const load = async (name: string, path: string): Promise<Module | 'broken'> => {
    const shown = displayName(path, cwd);
    const text = await readTextFile(path, shown, files, report);
    if (text === undefined) return 'broken';
    const { file, readable } = parseManifest(shown, text, namesSecret, report, moduleFile);
    sources.set(shown, maskedText(file));
    if (!readable) return 'broken';
    await prepare(file);
    const module = await readModule(name, file, report);
    sources.set(shown, maskedText(file));
    return module ?? 'broken';
  };
  return {
    names: [...found.keys()],
    async load(name) {
      const path = found.get(name)?.path;
      if (path === undefined) return undefined;
      const module = loaded.get(name) ?? load(name, path);
      loaded.set(name, module);
      return module;
    },
  };
}

async function readModule(name: string, file: SourceFile, report: Report): Promise<Module | undefined> {
  const top = topLevel(file);
  const wrong = checkLanguage(file, top.get('converge'), 'module');
  if (wrong) {
    report(wrong);
    return undefined;
  }
  for (const [key, { key: node }] of top) {
    if (keys.includes(key)) continue;
    const hint = suggest(key, keys) ?? `a module has ${keys.join(', ')}`;
    report(given('unknown-key', `a module has no key ${quoted(key)}`, { at: placeOf(file, node), hint }));
  }
  const description = top.get('description')?.value;
  const declared = top.get('parameters')?.value ?? null;
  const read = readParameters(file, declared, report);
  const data = top.get('data')?.value;
  if (!read || !(await checkParameters(file, declared, read.parameters, report))) return undefined;
  const properties = read.parameters.properties ?? {};
  return {
    name,
    file,
    description: isScalar(description) ? String(description.value) : '',
    parameters: read.parameters,
    body: { ...read.parameters, properties: { ...properties, ...moduleMetaparameters } },
    defaults: read.defaults,
    data: data ? readData(file, data, `data of the module ${name}`, report) : undefined,
    resources: top.get('resources')?.value ?? null,
  };
}

const text: JsonSchema = { type: 'string' };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const number: JsonSchema = { type: 'number' };
/** What a parameter may say: the part of JSON Schema that manifests are checked by. */
const parameterSchema: JsonSchema = { type: 'object', additionalProperties: false };
parameterSchema.properties = {
  type: { enum: ['string', 'integer', 'number', 'boolean', 'array', 'object'] },
  description: { ...text, 'x-multiline': true },
  default: {},
  enum: { type: 'array', items: {} },
  const: {},
  format: { enum: ['duration', 'schedule'] },
  pattern: text,
  minLength: count,
  maxLength: count,
  minimum: number,
  maximum: number,
  minItems: count,
  maxItems: count,
  uniqueItems: { type: 'boolean' },
  items: parameterSchema,
  properties: { type: 'object', additionalProperties: parameterSchema },
  additionalProperties: { anyOf: [{ type: 'boolean' }, parameterSchema] },
  required: { type: 'array', items: text },
  'x-secret': { type: 'boolean' },
  'x-multiline': { type: 'boolean' },
};

function readParameters(
  file: SourceFile,
  node: Node | null,
  report: Report,
): Pick<Module, 'parameters' | 'defaults'> | undefined {
  const properties: Record<string, JsonSchema> = {};
  const defaults = new Map<string, Node>();
  const required: string[] = [];
  let sound = true;
  for (const { key, value } of entriesOf(file, node, '`parameters`', 'parameters', report)) {
    const name = keyText(file, key) ?? '';
    const at = placeOf(file, key);
    const refuse = (code: Code, message: string, hint?: string) => {
      sound = false;
      report(given(code, message, { at, ...(hint ? { hint } : {}) }));
    };
    if (!/^[a-z_][a-z0-9_]*$/i.test(name))
      refuse(
        'parameter-name',
        `${quoted(name)} is not a name for a parameter`,
        'use letters, digits and `_`',
      );
    else if (name === 'title')
      refuse('parameter-name', "a parameter can't be called `title`: `params.title` is the title of the use");
    else if (Object.hasOwn(metaparameters, name) || reservedMetaparameters.includes(name))
      refuse('parameter-name', `a parameter can't be called ${quoted(name)}: that name is the engine's own`);
    const body = value && resolved({ file }, value);
    if (!isMap(body)) {
      refuse('wrong-kind', `parameter ${quoted(name)}: expected a map such as { type: string }`);
      continue;
    }
    const reading = newReading(file, `parameter ${quoted(name)}`, at, report);
    // A default is computed where the module is used.
    const own = body.items.find(pair => isScalar(pair.key) && pair.key.value === 'default');
    const map = own ? withoutPair(body, own) : body;
    const schema = readMap(map, parameterSchema, '', reading) as JsonSchema;
    if (reading.faults.size > 0) sound = false;
    properties[name] =
      schema.type === 'object' ? { additionalProperties: !schema.properties, ...schema } : schema;
    if (own) defaults.set(name, own.value as Node);
    else required.push(name);
  }
  if (!sound) return undefined;
  const schema: JsonSchema = { type: 'object', properties, required, additionalProperties: false };
  return { parameters: valueSchema(schema as never), defaults };
}

function withoutPair<T extends { items: unknown[]; clone(): unknown }>(map: T, pair: unknown): T {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(map)), map) as T;
  copy.items = map.items.filter(item => item !== pair);
  return copy;
}
