/** Writes docs/commands.md. Committed; a test fails when it is stale. */
import { writeFile } from 'node:fs/promises';
import { commandsPage } from './commands-page.ts';

await writeFile(new URL('../docs/commands.md', import.meta.url), await commandsPage());
