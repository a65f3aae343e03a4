/**
 * Writes docs/codes.md from src/diagnostics/codes. Committed; a test fails when it is stale.
 * `--missing` prints the codes that the sources use and nobody listed, as the compiler finds them, and those
 * that are listed and unused.
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { codesPage } from './codes-page.ts';
import { unlistedIn, unusedCodes } from './codes-used.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the compiler says; it ends with 1 or 2 when it found mistakes. */
function compiled(): string {
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  try {
    return execFileSync(process.execPath, [tsc, '--noEmit', '--pretty', 'false'], {
      cwd: root,
      encoding: 'utf8',
    });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return stdout;
  }
}

if (process.argv.includes('--missing')) {
  for (const { code, where } of unlistedIn(compiled())) console.log(`not listed: ${code} (${where})`);
  for (const code of await unusedCodes()) console.log(`not used: ${code}`);
} else {
  await writeFile(new URL('../docs/codes.md', import.meta.url), codesPage());
}
