/**
 * Makes one file of declarations from src/index.ts, the public API, for people who write a type: `converge
 * schema --types` prints it, and the package carries it. It needs no other file and no @types/node.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const generated = join(root, 'src/manifest/generated/');

const head = `/** What a resource type of your own is made of; docs/writing-a-type.md walks through one. Made by \`converge schema --types\`. */

/** JSON Schema, draft-07, with the annotations that docs/writing-a-type.md lists. */
type TSchema = object;
type Platform = 'linux' | 'darwin' | 'win32' | 'freebsd' | 'openbsd' | 'sunos' | 'aix';
/** Node's own; bytes that know how to be text. */
interface Buffer extends Uint8Array {
  toString(encoding?: 'utf8' | 'latin1' | 'base64' | 'hex', start?: number, end?: number): string;
}
`;

async function emitted(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'converge-declarations-'));
  try {
    const options =
      '--ignoreConfig --declaration --emitDeclarationOnly --skipLibCheck --strict --module nodenext --target es2024 --allowImportingTsExtensions --types node';
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(
      process.execPath,
      [tsc, ...options.split(' '), '--rootDir', 'src', '--outDir', dir, 'src/index.ts'],
      {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    const index = await readFile(join(dir, 'index.d.ts'), 'utf8');
    const names: string[] = [];
    const known = new Map<string, string>();
    for (const [, list, file] of index.matchAll(/export type \{([^}]*)\} from '([^']+)'/g)) {
      names.push(
        ...list!
          .split(',')
          .map(name => name.trim())
          .filter(Boolean),
      );
      for (const [name, text] of statements(
        await readFile(join(dir, file!.replace(/\.ts$/, '.d.ts')), 'utf8'),
      ))
        known.set(name, text);
    }
    return (
      head +
      reachable(names, known)
        .map(name => `\n${known.get(name)}\n`)
        .join('')
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Declarations by name, with the comment before each. The compiler begins and ends each in the first column.
 */
function statements(text: string): [string, string][] {
  const found: [string, string][] = [];
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    lines.push(line);
    if (!/^(\}|\}.*;|[^\s}].*;)$/.test(line)) continue;
    const part = lines.join('\n').replaceAll('NodeJS.Platform', 'Platform');
    if (isOpen(part)) continue;
    const name = /^export (?:interface|type) (\w+)/m.exec(part)?.[1];
    if (name !== undefined) found.push([name, part]);
    lines = [];
  }
  return found;
}

/** Whether a parenthesis is open at the end, comments aside. */
const isOpen = (text: string): boolean => {
  const code = text.replace(/\/\*.*?\*\//gs, '');
  return code.split('(').length !== code.split(')').length;
};

/** The names and all that they mention, in the order of the files. */
function reachable(names: readonly string[], known: ReadonlyMap<string, string>): string[] {
  const wanted = new Set<string>();
  const want = (name: string): void => {
    if (wanted.has(name) || !known.has(name)) return;
    wanted.add(name);
    for (const [word] of known
      .get(name)!
      .replace(/\/\*\*.*?\*\//gs, '')
      .matchAll(/\w+/g))
      want(word);
  };
  names.forEach(want);
  return [...known.keys()].filter(name => wanted.has(name));
}

export const declarations = await emitted();
await mkdir(generated, { recursive: true });
await writeFile(
  join(generated, 'declarations.js'),
  `export const declarations = ${JSON.stringify(declarations)};\n`,
);
await writeFile(join(generated, 'declarations.d.ts'), 'export declare const declarations: string;\n');
