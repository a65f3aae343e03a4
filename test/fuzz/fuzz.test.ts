import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../src/manifest/compile.ts';
import { registry } from '../../src/resources/registry.ts';
import { memoryFiles } from '../manifest/fixture.ts';
import { check } from './check.ts';
import { corpus } from './corpus.ts';
import { mutated } from './mutations.ts';

test('what is mutated is right itself, but for the one that shows a secret', async () => {
  const wrong: string[] = [];
  for (const project of corpus) {
    const { diagnostics, catalog } = await compile(['m.yaml'], {
      registry,
      files: memoryFiles(project),
      cwd: '/here',
      platform: 'linux',
      facts: new Map([['os', { doc: '', read: () => 'linux' }]]),
    });
    expect(catalog.resources.length).toBeGreaterThan(4);
    wrong.push(...diagnostics.map(({ code }) => code));
  }
  expect(wrong).toEqual(['literal-secret']);
});

// `npm run fuzz` goes on from here with other seeds.
test.each([1, 2, 3])('mutated manifests give diagnostics and nothing else: seed %i', async seed => {
  await fc.assert(fc.asyncProperty(mutated, check), { seed, numRuns: 100 });
});
