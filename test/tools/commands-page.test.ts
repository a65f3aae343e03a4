import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsPage } from '../../tools/commands-page.ts';

test('docs/commands.md is fresh (else: npm run generate)', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/commands.md'), 'utf8');
  expect(page).toBe(await commandsPage());
});
