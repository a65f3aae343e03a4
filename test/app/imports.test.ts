import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const files = globSync('src/app/**/*.ts', { cwd: root }).map(file => file.replaceAll('\\', '/'));

/** What a file imports, at its top or later: packages by name, our own files by their path from the root. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) =>
    name!.startsWith('.') ? relative(root, join(root, dirname(file), name!)).replaceAll('\\', '/') : name!,
  );
}

test('the application knows no terminal: no CLI, no renderer, no commander', () => {
  const wrong = files.flatMap(file =>
    importsOf(file)
      .filter(name =>
        /^(src\/cli\/|src\/engine\/render\/|src\/diagnostics\/render|commander|listr2)/.test(name),
      )
      .map(name => `${file} imports ${name}`),
  );
  expect(files.length).toBeGreaterThan(40);
  expect(wrong).toEqual([]);
});

test('nor the process that it runs in', () => {
  const wrong = files.filter(file =>
    /\bprocess\.\w|\bconsole\./.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(wrong).toEqual([]);
});

test('nor the lab but through its own room', () => {
  const wrong = files
    .filter(file => !file.startsWith('src/app/lab/'))
    .flatMap(file =>
      importsOf(file)
        .filter(name => name.startsWith('src/lab/'))
        .map(name => `${file}: ${name}`),
    );
  expect(wrong).toEqual([]);
});
