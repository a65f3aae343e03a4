import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Builds dist/ once per test run. */
export default function setup(): void {
  execFileSync(process.execPath, ['tools/build.ts'], { cwd: root, stdio: 'inherit' });
}
