import Type, { type Static } from 'typebox';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  ListQuery,
  Mistake,
  Observation,
} from '../../engine/model/resource-type.ts';
import { readValues, removeValue, writeValue } from '../../windows/registry/registry.ts';
import { registryClaim } from '../../windows/registry/registry-claim.ts';
import {
  type Kind,
  kinds,
  placeOf,
  type ValueData,
  type ValuePath,
} from '../../windows/registry/registry-data.ts';
import { eachStep } from '../shared/each-step.ts';
import {
  chosen,
  type Declaration,
  declarationToManifest,
  type Unsaid,
  unsaid,
} from '../shared/list-declarations.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { writesRegistry } from '../shared/realms.ts';
import { oneOf } from '../shared/schema-parts.ts';
import { holdsSecret, namesSecret } from '../shared/secret-names.ts';

/** Numbers in decimal digits, bytes in hexadecimal ones. */
export interface RegistryState {
  kind: ValueData['kind'];
  value: string | string[];
}

const schema = Type.Object(
  {
    key: Type.Optional(
      Type.String({
        description: 'The key, `HKLM\\SOFTWARE\\Cust`, when the title is only a name.',
        minLength: 1,
      }),
    ),
    name: Type.Optional(
      Type.String({
        description: "The name of the value in `key`, '' for its default value; the title when left out.",
      }),
    ),
    kind: Type.Optional(
      oneOf(Object.keys(kinds) as Kind[], {
        description: '`dword` for a number, `multi` for a list and `string` for text, when left out.',
      }),
    ),
    value: Type.Optional(
      Type.Union(
        [
          Type.Integer({ minimum: 0 }),
          Type.String({ 'x-multiline': true }),
          Type.Array(Type.String({ minLength: 1, 'x-multiline': true })),
        ],
        {
          description:
            'Text, also of several lines, a number (`0x1F` too), a list of texts for `multi`, hexadecimal digits for `binary`.',
        },
      ),
    ),
    view: Type.Optional(
      Type.Union([Type.Literal(64), Type.Literal(32)], {
        description: 'Whether it is the value of 32-bit programs, below WOW6432Node; 64 when left out.',
      }),
    ),
  },
  { additionalProperties: false, dependencies: { name: ['key'] } },
);

/** As written. */
export type RegistryProperties = Static<typeof schema>;

export const registryValue: BuiltInType<typeof schema, RegistryState, Declaration> = {
  name: 'registry_value',
  doc: `A value of the registry. The title is the key and the name, \`HKLM\\SOFTWARE\\Cust\\Level\`; one that ends in \`\\\`
is the default value of the key.

Keys are made as they are needed, and stay when the value is absent. Environment variables, services and the like
have types of their own, which also tell others of the change.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: {
    name: 'registry',
    concurrency: 4,
    alsoDirties: writesRegistry('registry'),
  },
  neededUnlessAbsent: ['value'],
  check(properties, title) {
    const { value, key } = properties;
    const data = value === undefined ? undefined : dataOf(title, properties);
    return [
      ...keyMistakes(properties, title, key === undefined ? '' : '/key'),
      ...(data && 'wrong' in data ? [data.wrong] : []),
    ];
  },
  identity: (properties, title) => placeOf(pathOf(properties, title)),
  claims: (_, id) => [registryClaim(splitPlace(id))],
  desired(properties, id) {
    const { kind, data } = soundData(id, properties);
    return { kind, value: data };
  },
  async observe(asked, io) {
    try {
      const found = await readValues(
        io,
        asked.map(({ properties, title }) => pathOf(properties, title)),
      );
      return new Map(asked.map(one => [one.id, look(one, found)]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  list: listValues,
  toManifest: declarationToManifest,
  apply: (steps, io) =>
    eachStep(steps, ({ kind, asked: { properties, title } }) => {
      const path = pathOf(properties, title);
      return kind === 'delete' ? removeValue(io, path) : writeValue(io, path, soundData(title, properties));
    }),
};

/** The values that are named by their whole path. */
async function* listValues({ titles }: ListQuery<RegistryProperties>, io: ReadIo) {
  if (!titles)
    throw new Failure(
      given('no-titles', 'values of the registry are adopted by name', {
        hint: 'converge adopt registry_value "HKLM\\SOFTWARE\\Cust\\Level"',
      }),
    );
  const paths = new Map(
    titles.flatMap(title => (isPath(title) ? [[title, pathOf({ value: '' }, title)] as const] : [])),
  );
  const values = await readValues(io, [...paths.values()]);
  const found = [...paths].flatMap(([title, path]) => {
    const value = values.get(placeOf(path));
    return value ? [adoptable(title, value)] : [];
  });
  yield* chosen(found, { titles }, 'value');
}

const isPath = (title: string): boolean => /^[A-Z_]+\\[^\\]+\\/i.test(title);

function adoptable(title: string, { kind, data }: ValueData): Declaration | Unsaid {
  if (kind === 'other') return unsaid(title, 'it is of a type that nobody sets by hand');
  if (namesSecret(title.slice(title.lastIndexOf('\\'))) || [data].flat().some(holdsSecret))
    return unsaid(title, 'it seems to be a secret');
  const isSmall = (kind === 'dword' || kind === 'qword') && Number.isSafeInteger(Number(data));
  return { title, properties: { kind, value: isSmall ? Number(data) : data } };
}

function look(
  { id }: Asked<RegistryProperties>,
  found: ReadonlyMap<Id, ValueData>,
): Observation<RegistryState> {
  const value = found.get(id);
  return value ? { state: 'present', value: { kind: value.kind, value: value.data } } : { state: 'absent' };
}

const roots: Readonly<Record<string, string>> = {
  HKEY_LOCAL_MACHINE: 'HKLM',
  HKEY_CURRENT_USER: 'HKCU',
  HKEY_CLASSES_ROOT: 'HKCR',
  HKEY_USERS: 'HKU',
  HKEY_CURRENT_CONFIG: 'HKCC',
};

/** Of an identity, which holds no name of a value with a backslash that was told apart from its key. */
const splitPlace = (id: Id): ValuePath => ({
  key: id.slice(0, id.lastIndexOf('\\')),
  name: id.slice(id.lastIndexOf('\\') + 1),
});

/** The hive in its short form, and the parts of the key below it. */
function partsOf({ key }: RegistryProperties, title: string) {
  const at = title.lastIndexOf('\\');
  const typed = key?.replace(/\\$/, '') ?? title.slice(0, Math.max(at, 0));
  const [root = '', ...parts] = typed.split('\\');
  return { typed, hive: roots[root.toUpperCase()] ?? root.toUpperCase(), parts };
}

function keyMistakes(properties: RegistryProperties, title: string, pointer: string): Mistake[] {
  const { typed, hive, parts } = partsOf(properties, title);
  if (!Object.values(roots).includes(hive) || parts.length === 0 || parts.includes(''))
    return [
      mistake(
        pointer,
        'bad-registry-key',
        `\`${typed === '' ? title : typed}\` isn't a key of the registry`,
        'write it like HKLM\\SOFTWARE\\Cust',
      ),
    ];
  return [];
}

function pathOf(properties: RegistryProperties, title: string): ValuePath {
  const { key, name, view } = properties;
  const { hive, parts } = partsOf(properties, title);
  // Where 32-bit programs are led to, so that both spellings are one object.
  const isLed = view === 32 && hive === 'HKLM' && parts[0]!.toLowerCase() === 'software';
  const own =
    isLed && parts[1]?.toLowerCase() !== 'wow6432node'
      ? [parts[0]!, 'WOW6432Node', ...parts.slice(1)]
      : parts;
  return {
    key: [hive, ...own].join('\\'),
    name: key === undefined ? title.slice(title.lastIndexOf('\\') + 1) : (name ?? title),
  };
}

const sizes = { dword: 32n, qword: 64n };

type SoundData = Exclude<ValueData, { kind: 'other' }>;

/** Of what was checked. */
function soundData(title: string, properties: RegistryProperties): SoundData {
  const data = dataOf(title, properties);
  if ('wrong' in data) throw new TypeError(data.wrong.message);
  return data;
}

/** The value in canonical form, or why its kind can't hold it. */
function dataOf(title: string, { kind, value = '' }: RegistryProperties): SoundData | { wrong: Mistake } {
  const is = kind ?? (Array.isArray(value) ? 'multi' : typeof value === 'number' ? 'dword' : 'string');
  const wrong = (hint: string) => ({
    wrong: mistake('/value', 'bad-registry-value', `the value of \`${title}\` can't be a ${is}`, hint),
  });
  if (is === 'multi') {
    if (!Array.isArray(value)) return wrong('write a list of texts');
    return { kind: is, data: value };
  }
  if (Array.isArray(value)) return wrong('a list is a `multi`');
  const text = String(value);
  if (is === 'binary') {
    const digits = text.replace(/[\s,:-]/g, '');
    if (!/^([0-9a-f]{2})*$/i.test(digits)) return wrong('write two hexadecimal digits for each byte');
    return { kind: is, data: digits.toUpperCase() };
  }
  if (is === 'string' || is === 'expand') return { kind: is, data: text };
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text) || BigInt(text) >= 1n << sizes[is])
    return wrong(`write a number from 0 to 0x${((1n << sizes[is]) - 1n).toString(16)}`);
  return { kind: is, data: String(BigInt(text)) };
}
