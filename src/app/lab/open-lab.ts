import { join, resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Lab, LabInstance } from '../../lab/lab.ts';
import type { Context } from '../app-context.ts';
import { shipped } from '../shipped-path.ts';

export type { Lab } from '../../lab/lab.ts';

export const defaultLabDir = '.converge/lab';

/** The folder that `--lab [DIR]` means; undefined without the flag. */
export function labDir(context: Context, lab: string | true | undefined): string | undefined {
  if (lab === undefined) return undefined;
  return resolve(context.io.host.cwd, lab === true ? defaultLabDir : lab);
}

/** Opens the lab; the code of the stand-ins is loaded only here. */
export async function openLabAt(
  context: Context,
  dir: string,
  options: { seeded: boolean; lockTimeout: number; labMustExist?: boolean },
): Promise<Lab> {
  if (options.labMustExist && !(await context.io.host.files.stat(join(dir, 'lab.json')))) {
    throw new Failure(
      given('no-lab', `there is no lab in ${dir}`, {
        hint: '--lab takes the next word for its folder; a lab is made by `converge apply ... --lab` or `converge lab`',
      }),
    );
  }
  const { openLab } = await import('../../lab/lab.ts');
  return openLab(dir, {
    ...options,
    content: shipped('manifests/beanstalk/content'),
    host: context.io.host,
    signal: context.io.interrupt,
  });
}

/** What answers for the lab's EC2 instance alone, for commands that open no lab. */
export async function openInstanceAt({ io }: Context, dir: string): Promise<LabInstance> {
  const { openLabInstance } = await import('../../lab/lab.ts');
  return openLabInstance(dir, io.host);
}
