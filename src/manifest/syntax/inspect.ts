import { type Alias, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { mayBeSecret, type NamesSecret } from './secret-names.ts';
import { keyText, mask, placeOf, type SourceFile } from './source-file.ts';

const deepest = 64;
/** How many nodes the aliases of one file may stand for, all together. */
const mostExpanded = 100_000;

/** What is what it would be without its tag; `!!binary` might be bytes that no text holds. */
const plainTags = new Set(['!', ...['str', 'map', 'seq'].map(kind => `tag:yaml.org,2002:${kind}`)]);

/** Whether text has half of a character (`"\\ud800"`), which no file and no program would ever get. */
const isHalved = (node: Node | null): boolean =>
  isScalar(node) && typeof node.value === 'string' && !node.value.isWellFormed();

const halved = (file: SourceFile, node: Node): Diagnostic =>
  given('control-character', 'an escape in double quotes made half of a character here', {
    at: placeOf(file, node),
    hint: 'write the character itself, or `\\U` and its eight digits',
  });

/** Nodes and levels below a node when its aliases are written out. */
interface Extent {
  size: number;
  depth: number;
}

/**
 * One pass over the whole tree, before anything is read from it: resolves aliases (within bounds, so
 * that nothing after has to think of alias bombs), finds duplicate keys and bad keys, and masks
 * literals that may be secrets. Returns false when the tree must not be walked.
 */
export function inspect(
  file: SourceFile,
  namesSecret: NamesSecret,
  report: (d: Diagnostic) => void,
): boolean {
  const anchors = new Map<string, Node>();
  const extents = new Map<Node, Extent>();
  let expanded = 0;
  let sound = true;
  const refuse = (diagnostic: Diagnostic): Extent => {
    if (sound) report(diagnostic);
    sound = false;
    return { size: 0, depth: 0 };
  };

  const alias = (node: Alias): Extent => {
    const at = placeOf(file, node);
    const target = anchors.get(node.source);
    if (!target)
      return refuse(
        given(
          'unknown-alias',
          'a plain value that starts with `*` is an alias for YAML, and there is no such anchor',
          {
            at,
            hint: "quote it: '*...'",
          },
        ),
      );
    const extent = extents.get(target);
    if (!extent)
      return refuse(given('alias-cycle', 'an alias is inside the value that it stands for', { at }));
    expanded += extent.size;
    if (expanded > mostExpanded)
      return refuse(
        given('alias-bomb', `the aliases of this file stand for more than ${mostExpanded} values`, {
          at,
          hint: 'write the values out, or use fewer aliases',
        }),
      );
    file.aliases.set(node, target);
    return extent;
  };

  const visit = (node: Node | null, level: number): Extent => {
    if (!node || !sound) return { size: 0, depth: 0 };
    if (isAlias(node)) return alias(node);
    if (node.anchor) anchors.set(node.anchor, node);
    if (node.tag !== undefined && !plainTags.has(node.tag))
      return refuse(
        given('tag', 'converge does not use the tags of YAML', {
          at: placeOf(file, node),
          hint: 'write the value itself, without `!!...`',
        }),
      );
    if (isHalved(node)) return refuse(halved(file, node));
    keepExpression(file, node);
    const extent = { size: 1, depth: 1 };
    const add = (child: unknown) => {
      const inner = visit(child as Node | null, level + 1);
      extent.size += inner.size;
      extent.depth = Math.max(extent.depth, inner.depth + 1);
    };
    if (isMap(node)) {
      if (!checkKeys(file, node.items as Pair[], report)) sound = false;
      const ofSecret = isOfSecret(file, node.items as Pair[], namesSecret);
      for (const { key, value } of node.items as Pair[]) {
        const name = key ? (keyText(file, key) ?? '') : '';
        if (namesSecret(name) || (ofSecret && /^value$/i.test(name))) hideLiteral(file, value, anchors);
      }
      for (const { key, value } of node.items as Pair[]) {
        if (isHalved(key)) return refuse(halved(file, key!));
        keepExpression(file, key);
        if (isScalar(value) && isScalar(key) && key.value === 'when') file.conditions.push(value);
        add(value);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) add(item);
    }
    if (level + extent.depth > deepest)
      return refuse(
        given('too-deep', `values are nested more than ${deepest} levels deep`, { at: placeOf(file, node) }),
      );
    if (node.anchor) extents.set(node, extent);
    return extent;
  };
  visit(file.root, 0);
  return sound;
}

/** Whether the name of a row is one of a secret, so that its `value` is one: `{ name: X-Api-Key, value }`. */
const isOfSecret = (file: SourceFile, pairs: Pair[], namesSecret: NamesSecret): boolean =>
  pairs.some(
    ({ key, value }) =>
      key &&
      /^(name|key)$/i.test(keyText(file, key as Node) ?? '') &&
      isScalar(value) &&
      namesSecret(String(value.value)),
  );

function keepExpression(file: SourceFile, node: Node | null): void {
  if (isScalar(node) && typeof node.value === 'string' && node.value.includes('${'))
    file.expressions.push(node);
}

interface Pair {
  key: Node | null;
  value: Node | null;
}

/** What is where a secret goes is hidden before anything is said about it, behind an alias too. */
function hideLiteral(file: SourceFile, value: Node | null, anchors: Map<string, Node>): void {
  if (isScalar(value) && mayBeSecret(String(value.value))) mask(file, value);
  if (!isAlias(value)) return;
  mask(file, value);
  hideLiteral(file, anchors.get(value.source) ?? null, anchors);
}

function checkKeys(file: SourceFile, pairs: Pair[], report: (d: Diagnostic) => void): boolean {
  const seen = new Map<string, Node>();
  let sound = true;
  for (const { key, value } of pairs) {
    const text = key && keyText(file, key);
    if (!key || text === undefined || text === null) {
      const at = placeOf(file, key ?? value ?? file.root);
      report(
        given('bad-key', 'a name is missing before the colon', {
          at,
          hint: 'quote names that start with `*`, `&` or `?`',
        }),
      );
      sound = false;
      continue;
    }
    const first = seen.get(text);
    if (text === '<<' && isScalar(key) && key.type === 'PLAIN') {
      report(
        given('bad-key', 'converge does not merge maps: `<<` would be a name like any other', {
          at: placeOf(file, key),
          hint: "write the values out, or share them by `data` or a module; quote it where it is a name: '<<'",
        }),
      );
      sound = false;
    } else if (first)
      report(
        given('duplicate-key', `\`${text}\` appears twice in one map`, {
          at: placeOf(file, key),
          hint: 'merge the two, or remove one',
          related: [{ message: 'first here', at: placeOf(file, first) }],
        }),
      );
    else seen.set(text, key);
  }
  return sound;
}
