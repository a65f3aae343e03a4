import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the locks of this test process lie: tests of other processes must not wait for it, nor it for them. */
export const runtimeDirectory = mkdtempSync(join(tmpdir(), 'converge-test-run-'));
process.on('exit', () => rmSync(runtimeDirectory, { recursive: true, force: true }));
// What a test starts with this process's environment, too.
process.env.CONVERGE_RUNTIME_DIRECTORY = runtimeDirectory;
