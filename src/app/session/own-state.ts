import { join } from 'node:path';
import type { ReadFiles } from '../../io/ports.ts';
import { refuseForeign } from '../../io/refuse-foreign.ts';

/**
 * Throws a Failure (given) when others own a state folder, or can change it: what is remembered there says
 * what converge may remove.
 */
export const assertOwnStateDir = (files: ReadFiles, stateDir: string): Promise<void> =>
  refuseForeign(
    files,
    [stateDir, ...['memory', 'reports', 'state.json', 'repositories.json'].map(name => join(stateDir, name))],
    'name another folder with --state DIR',
  );
