import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const { overrides } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as {
  overrides: { includes: string[] }[];
};

// src/index.ts only passes on what others export.
const folders = readdirSync(join(root, 'src')).filter(name => name !== 'cli' && !name.endsWith('.ts'));

test.each(folders)('src/%s has a layering rule for its files and for those of its folders', folder => {
  const covered = overrides.flatMap(({ includes }) => includes);
  expect(covered).toContain(`src/${folder}/*.ts`);
  expect(covered).toContain(`src/${folder}/*/**`);
});
