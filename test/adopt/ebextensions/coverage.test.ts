import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { adoptEbextensions } from '../../../src/adopt/ebextensions/adopt.ts';

// Each key, word and line of the inputs is accounted for: without it something else comes out, or it is one
// of the few that are listed here as needing nothing; and what nobody knows is named among the leftovers.

type Config = Record<string, Record<string, unknown>>;

const root = join(import.meta.dirname, '../..');
const shared = join(root, '../../shared');
const folders = [
  join(root, 'cli/ebextensions'),
  join(import.meta.dirname, 'inputs'),
  join(shared, 'data/ebextensions'),
  join(shared, 'faults/inputs'),
];
const inputs = folders.flatMap(folder =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter(name => name.endsWith('.config'))
        .map(name => [name, parse(readFileSync(join(folder, name), 'utf8')) as Config] as const)
    : [],
);
if (!existsSync(shared)) console.warn('SKIPPED: the real .ebextensions files are not here');

const adopt = (config: unknown) => adoptEbextensions([{ name: 'a.config', text: stringify(config) }]);
/** What comes out, without its places; of a resource how many it has. */
function outcome(config: unknown): string {
  const { resources, leftovers, secrets } = adopt(config);
  return JSON.stringify([
    resources.map(({ note, ...one }) => [one, note.split(',').length]),
    leftovers.map(({ file, line, ...one }) => one),
    secrets,
  ]);
}

/** Paths of all keys, `['commands', 'a', 'test']`. */
const keysOf = (value: unknown, path: string[] = []): string[][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, below]) => [[...path, key], ...keysOf(below, [...path, key])])
    : [];

function changed(
  config: Config,
  path: readonly string[],
  change: (parent: never, key: string) => void,
): Config {
  const copy = structuredClone(config);
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Config, copy as Config);
  change(parent as never, path.at(-1)!);
  return copy;
}

/** Command lines with a way to put another one in their place. */
function commandLines(config: Config): { line: string; withLine: (line: string) => Config }[] {
  return keysOf(config).flatMap(path => {
    const text = path.reduce<unknown>((at, key) => (at as Config)[key], config);
    const put = (to: string) =>
      changed(config, path, (parent: Config, key) => Object.assign(parent, { [key]: to }));
    if (typeof text !== 'string') return [];
    if (path.at(-1) === 'command') return [{ line: text, withLine: put }];
    if (path.at(-1) !== 'content' || !/\.(cmd|bat)$/i.test(path.at(-2)!)) return [];
    const lines = text.split('\n');
    return lines.map((line, at) => ({ line, withLine: to => put(lines.with(at, to).join('\n')) }));
  });
}

/** Words as they are written, with their quotes. */
const wordsOf = (line: string): string[] => line.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];

/** Words without which the same comes out, and why that is right. */
const needless: [word: RegExp, why: string][] = [
  [/^\/f$/i, 'nobody is asked'],
  [/^\/(online|all|norestart|quiet|english)$/i, 'how dism goes about it'],
  [/^appid=/i, 'converge has an id of its own'],
  [/^(\d?>>?|\d?>&\d|2>&1"*|NUL)$/i, 'where a log goes'],
  [/^\d?>>?\S+$|\.log$/i, 'where a log goes'],
  [/^-(NoProfile|NonInteractive|ExecutionPolicy|Command|File)$|^Bypass$/i, 'how PowerShell is started'],
  [/^\/s$|^\/c$/i, 'how cmd is started'],
  [/^@echo$|^off$|^rem$|^echo$/i, 'cmd says nothing'],
  [/^call$/i, 'how cmd calls a script'],
  [/^\/commit:apphost$/i, 'where converge writes anyway'],
  [/^dir=in$|^\/t$|^REG_SZ$|^SYSTEM$|^-Name$/i, 'what is assumed without it'],
  [/^iisreset$/i, 'it needs nothing'],
  [/^&$|^&&$/, 'what parts commands'],
];
const isNeedless = (word: string, line: string): boolean =>
  /^\s*(@?rem\s|::|iisreset|exit\s)/i.test(line) || needless.some(([form]) => form.test(word));

describe.each(inputs)('%s', (_, config) => {
  const whole = outcome(config);

  test('each key changes what comes out, but for those that are listed', () => {
    const silent = keysOf(config)
      .filter(path => !/^(ignoreErrors|waitAfterCompletion|cwd|encoding)$/.test(path.at(-1)!))
      .filter(path => outcome(changed(config, path, (parent, key) => delete parent[key])) === whole);
    expect(silent).toEqual([]);
  });

  test('each word of a command changes what comes out, but for those that are listed', () => {
    const silent = commandLines(config).flatMap(({ line, withLine }) =>
      wordsOf(line).filter((word, at, words) => {
        const without = words.toSpliced(at, 1).join(' ');
        return !isNeedless(word, line) && outcome(withLine(without)) === outcome(withLine(words.join(' ')));
      }),
    );
    expect(silent).toEqual([]);
  });

  test('a word that nobody knows is named, wherever it stands', () => {
    const lost = commandLines(config)
      .filter(({ line }) => line.trim() !== '' && !isNeedless('', line))
      .filter(({ line }) => !/^\s*@?(echo|rem|exit|cd|setlocal)\b|[<>|]|\/[ck] /i.test(line))
      .filter(({ line, withLine }) => !JSON.stringify(adopt(withLine(`${line} /zz9:9`))).includes('zz9'))
      .map(({ line }) => line);
    expect(lost).toEqual([]);
  });

  test('a key that nobody knows is named, wherever it stands', () => {
    const maps = keysOf(config).filter(path => {
      const value = path.reduce<unknown>((at, key) => (at as Config)[key], config);
      return (
        typeof value === 'object' && value !== null && !Array.isArray(value) && path[0] !== 'option_settings'
      );
    });
    const lost = maps.filter(path => {
      const added = changed(config, path, (parent: Config, key) =>
        Object.assign(parent[key]!, { zz9: 'zz8' }),
      );
      return !JSON.stringify(adopt(added)).includes('zz9');
    });
    expect(lost).toEqual([]);
  });
});

test('each word that is listed as needless is in some input', () => {
  const words = inputs.flatMap(([, config]) => commandLines(config).flatMap(({ line }) => wordsOf(line)));
  const unused = needless.filter(([form]) => !words.some(word => form.test(word)));
  expect(unused.map(([form]) => String(form))).toEqual([]);
});
