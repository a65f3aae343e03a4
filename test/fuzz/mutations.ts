import fc from 'fast-check';
import { corpus, type Project } from './corpus.ts';

/** One change of one file, by plain data so that a failure can be shrunk and printed. */
interface Mutation {
  /** Which file, and where in it: parts of 2^16. */
  file: number;
  at: number;
  change: (text: string, offset: number) => string;
}

const nasty = [
  ...[
    '',
    '~',
    '[]',
    '{}',
    '- x',
    '? y',
    '&a [*a]',
    '*nobody',
    '!!binary aGk=',
    '!t x',
    '<<: *folder',
    '|',
    '>-',
    '%YAML 1.1',
  ],
  ...[
    '1e999',
    '-0',
    '0x7fffffffffffffff',
    '99999999999999999999',
    '.inf',
    '.nan',
    '0o777',
    '2026-02-30',
    '1_000',
    'yes',
  ],
  ...[
    '${',
    '$${',
    '${}',
    '${1/0}',
    '${data}',
    '${each.value}',
    '${params.nope}',
    '${facts.os.x}',
    '${env.PATH}',
    "${secret('env:X')}",
  ],
  ...[
    "${secret('file:/etc/passwd')} and more",
    '${data.sites.map(s, data.sites.map(t, t))}',
    '${"a" * 3}',
    '${[1,2,3][9]}',
  ],
  ...[
    '${params.constructor.constructor}',
    '${data["__proto__"]}',
    '${params.size.toString()}',
    '${9223372036854775807 + 1}',
  ],
  ...[
    "${'aaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')}",
    '${((((((1))))))}',
    '${timestamp("2026-02-30T00:00:00Z")}',
  ],
  ...[
    '__proto__: { x: 1 }',
    'constructor: x',
    'for_each: [1, 2]',
    'when: true',
    'when: 1 +',
    'require: "file:/srv"',
  ],
  ...[
    '\ufeff',
    '\0',
    '\r',
    '\t',
    '\u2028',
    '\ud800',
    '\u202e',
    '\u001b[31m',
    'é',
    '\u{1f600}',
    '"',
    "'",
    '#',
    ': ',
    ',',
    '---\n',
    '...\n',
  ],
];

const insert = (piece: string) => (text: string, offset: number) =>
  text.slice(0, offset) + piece + text.slice(offset);

const onLine =
  (edit: (line: string, all: string[], index: number) => string[]) => (text: string, offset: number) => {
    const lines = text.split('\n');
    const index = text.slice(0, offset).split('\n').length - 1;
    return lines.flatMap((line, i) => (i === index ? edit(line, lines, index) : [line])).join('\n');
  };

const change: fc.Arbitrary<Mutation['change']> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nasty).map(insert) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }).map(insert) },
  // A value of a line becomes something else.
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(...nasty)
      .map(value =>
        onLine(line => [line.replace(/^(\s*[^:\s][^:]*: ?).*/, (_, key: string) => key + value)]),
      ),
  },
  { weight: 2, arbitrary: fc.constant(onLine(line => [line, line])) },
  { weight: 1, arbitrary: fc.constant(onLine(() => [])) },
  { weight: 2, arbitrary: fc.constantFrom('  ', ' ', '\t').map(space => onLine(line => [space + line])) },
  { weight: 2, arbitrary: fc.constant(onLine(line => [line.replace(/^ {1,2}/, '')])) },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 40 }).map(from => onLine((line, all) => [line, all[from % all.length]!])),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 1, max: 12 })
      .map(length => (text: string, at: number) => text.slice(0, at) + text.slice(at + length)),
  },
  { weight: 1, arbitrary: fc.constant((text: string, at: number) => text.slice(0, at)) },
  { weight: 1, arbitrary: fc.constant((text: string) => text.replaceAll('\n', '\r\n')) },
  // Much of it: nesting, aliases of aliases, and lists that are long.
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(70, 10_000)
      .chain(depth => fc.constantFrom('[', '{a: ', '- ', '${').map(open => insert(open.repeat(depth)))),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      insert(
        `\nbomb: [&b0 x${Array.from({ length: 20 }, (_, i) => `, &b${i + 1} [*b${i}, *b${i}]`).join('')}]\n`,
      ),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('x', 'x,', ' x', '\n').map(piece => insert(piece.repeat(20_000))) },
  // A module that uses itself.
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('site', 'inner', 'pilot_light')
      .map(name => insert(`\n  ${name}:\n    again: {}\n`)),
  },
);

const mutation: fc.Arbitrary<Mutation> = fc.record({ file: fc.nat(65_535), at: fc.nat(65_535), change });

/** A project of the corpus with one to four changes, sometimes in another encoding. */
export const mutated: fc.Arbitrary<Record<string, Buffer>> = fc
  .record({
    base: fc.constantFrom(...corpus),
    mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
    encode: fc.oneof(
      { weight: 20, arbitrary: fc.constant((text: string) => Buffer.from(text)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le'),
          (text: string) => Buffer.from(`\ufeff${text}`),
          (text: string) => Buffer.from(text, 'latin1'),
        ),
      },
    ),
  })
  .map(({ base, mutations, encode }) => {
    const project: Project = { ...base };
    const names = Object.keys(project);
    for (const { file, at, change } of mutations) {
      const name = names[file % names.length]!;
      const text = project[name]!;
      project[name] = change(text, Math.floor((at / 65_536) * text.length));
    }
    return Object.fromEntries(Object.entries(project).map(([name, text]) => [name, encode(text)]));
  });
