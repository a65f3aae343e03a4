import { join, resolve } from 'node:path';
import type { ReadFiles } from '../../io/ports.ts';
import { refuseForeign } from '../../io/refuse-foreign.ts';
import type { Context } from '../app-context.ts';
import { labDir } from '../lab/open-lab.ts';
import type { CommonOptions } from '../options.ts';

/** The folder for memory and reports. */
export function stateDirOf(context: Context, { lab, state }: Pick<CommonOptions, 'lab' | 'state'>): string {
  const dir = labDir(context, lab);
  return resolve(context.io.host.cwd, state ?? (dir ? `${dir}/state` : '.converge'));
}

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
