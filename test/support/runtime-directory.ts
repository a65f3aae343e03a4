import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the locks of this test process lie: tests of other processes must not wait for it, nor it for them.
 * This is read anew for each file of a process, hence always the same name; the end of the run removes it
 * (temporary.ts).
 */
export const runtimeDirectory = join(tmpdir(), `converge-test-run-${process.pid}`);
mkdirSync(runtimeDirectory, { recursive: true, mode: 0o700 });
// What a test starts with this process's environment, too.
process.env.CONVERGE_RUNTIME_DIRECTORY = runtimeDirectory;
