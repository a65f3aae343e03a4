import { isMap, isScalar, type Node, type Scalar } from 'yaml';
import { given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Json } from '../../engine/model/catalog.ts';
import { child } from '../../engine/model/pointer.ts';
import { evaluated } from '../expressions/evaluate.ts';
import { newReading, resolved, textsOf } from '../scope/reading.ts';
import type { Layer, Scope, Sourced } from '../scope/scope.ts';
import { anyValue } from '../sections/data-layers.ts';
import { found, quoted } from '../syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import type { Entry } from '../values/entries.ts';
import { readComputed } from '../values/read-value.ts';
import type { Context } from './resource-context.ts';

/** The most resources that one run may make by loops and modules. */
const mostMade = 200_000;

/** Inside a module the address of its use comes first. */
export const addressOf = ({ scope }: Context, type: string, title: string): string =>
  `${scope.module === '' ? '' : `${scope.module}/`}${type}:${title}`;

/** One context per item of `for_each`; the context itself without one. */
export function* eachOf(
  file: SourceFile,
  type: string,
  { key, value }: Entry,
  context: Context,
): Generator<Context> {
  const loop = partOf(file, value, 'for_each');
  if (!loop) return yield* counted([context], context, file, key);
  const { scope, report, into } = context;
  const address = addressOf(context, type, keyText(file, key) ?? '');
  const at = placeOf(file, loop);
  const say = `${quoted(address)}: \`for_each\``;
  const refuse = (message: string, hint: string) => {
    into.incomplete = true;
    report(given('wrong-kind', message, { at, address, hint }));
  };
  // A list that only exists where `when` is true is not a mistake elsewhere.
  const unseen = { ...context, report: () => {} };
  const lenient = partOf(file, value, 'when') !== undefined && !isWanted(file, address, value, unseen);
  const reading = newReading(file, say, at, diagnostic => report({ ...diagnostic, address }), {
    scope,
    lenient,
  });
  const items = readComputed(loop, anyValue, '', reading);
  if (reading.faults.size > 0 || items === undefined) {
    into.incomplete = true;
    return;
  }
  if (lenient && items === null) return;
  if (typeof items !== 'object' || items === null)
    return refuse(`${say}: expected a list or a map, found ${found(items)}`, 'name a list or a map');
  const names = Object.keys(items);
  if (names.length > 1 && !mentionsEach(file, key))
    return refuse(
      `${say} makes ${names.length} resources of one title`,
      `use \`\${each.key}\` or \`\${each.value}\` in the title`,
    );
  const list = Array.isArray(items);
  const texts = textsOf(reading);
  const contexts = names.map(name => {
    const item = (items as { [key: string]: Json })[name] as Json;
    const pointer = child('', name);
    const each: Sourced = {
      texts: below(texts, pointer),
      value: { key: list ? Number(name) : name, value: item },
      layers([part, ...names]) {
        const inner = names.reduce(child, pointer);
        const visit = reading.visits.get(part === 'value' ? inner : pointer);
        const layer: Layer = { from: 'for_each', value: item, at: visit?.origin ?? visit?.at ?? at };
        if (visit?.trace) layer.trace = visit.trace;
        return [layer];
      },
    };
    return { ...context, scope: { ...scope, each } satisfies Scope };
  });
  yield* counted(contexts, context, file, key);
}

/** Those of one item, as `each.value` has them. */
const below = (texts: ReadonlyMap<string, string>, pointer: string): Map<string, string> =>
  new Map(
    [...texts].flatMap(([at, text]) =>
      at === pointer || at.startsWith(`${pointer}/`)
        ? [[`/value${at.slice(pointer.length)}`, text] as const]
        : [],
    ),
  );

function* counted(contexts: Context[], { made, report, into }: Context, file: SourceFile, key: Node) {
  for (const context of contexts) {
    if (made.count++ < mostMade) yield context;
    else {
      into.incomplete = true;
      if (made.count === mostMade + 1)
        report(
          given('too-many', `the manifests declare more than ${mostMade} resources`, {
            at: placeOf(file, key),
          }),
        );
      return;
    }
  }
}

const mentionsEach = (file: SourceFile, key: Node): boolean =>
  file.templates
    .get(key)
    ?.some(part => typeof part === 'object' && part.cel.paths.some(([root]) => root === 'each')) ??
  file.broken.has(key);

/**
 * The title with its expressions computed; undefined after a mistake, and for what `when` leaves out and
 * can't be named without its values.
 */
export function titleOf(
  file: SourceFile,
  type: string,
  key: Node,
  context: Context,
  wanted: boolean,
): string | undefined {
  const written = keyText(file, key) ?? '';
  if (!file.templates.has(key) && !file.broken.has(key)) return written;
  const { scope, report, into } = context;
  const reading = newReading(file, quoted(`${type}:${written}`), placeOf(file, key), report, {
    scope,
    lenient: !wanted,
  });
  const title = evaluated(key, key, reading);
  if (isScalar(title) && title.value !== '') return String(title.value).replaceAll('$${', '${');
  into.incomplete = true;
  if (typeof title !== 'symbol' && wanted)
    report(
      given('wrong-kind', `${quoted(`${type}:${written}`)}: expected text for a title`, {
        at: placeOf(file, key),
        hint: 'a title is one line of text',
      }),
    );
  return undefined;
}

/** Whether `when` lets the resource be declared; a mistake counts as yes and is reported. */
export function isWanted(file: SourceFile, address: string, value: Node | null, context: Context): boolean {
  const written = partOf(file, value, 'when');
  const node = written && resolved({ file }, written);
  if (!written) return true;
  const { scope, expressions, report } = context;
  const at = placeOf(file, written);
  const tell = (message: string, hint: string) => {
    report(given('bad-expression', own`${quoted(address)}: ${message}`, { at, address, hint }));
    context.into.incomplete = true;
    return true;
  };
  const hint = "write it like `when: facts.os == 'windows'`";
  if (!isScalar(node) || String(node.value) === '') return tell('`when` expects a CEL expression', hint);
  // A condition is CEL as it stands; inside `${...}` it may stand too.
  expressions.prepareCondition(file, node as Scalar);
  const reading = newReading(file, quoted(address), at, d => report({ ...d, address }), { scope });
  const result = evaluated(node, node, reading);
  if (typeof result === 'symbol') {
    context.into.incomplete = true;
    return true;
  }
  if (isScalar(result) && result.type === 'PLAIN' && /^(true|false)$/.test(String(result.value)))
    return result.value === 'true';
  return tell('`when` has to give true or false', hint);
}

function partOf(file: SourceFile, value: Node | null, name: string): Node | undefined {
  const node = value && resolved({ file }, value);
  if (!isMap(node)) return undefined;
  return node.items.find(pair => isScalar(pair.key) && pair.key.value === name)?.value as Node | undefined;
}
