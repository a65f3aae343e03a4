import { dirname, resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Context } from '../app-context.ts';

/** Throws a Failure (given) unless `output` can be made: before the work whose result it is to hold. */
export async function refuseToOverwrite({ io }: Context, output: string | undefined): Promise<void> {
  if (output === undefined) return;
  const path = resolve(io.host.cwd, output);
  if ((await io.host.files.stat(dirname(path)))?.kind !== 'directory')
    throw new Failure(
      given('no-folder', `the folder of ${output} isn't there`, {
        hint: `make it first: mkdir ${dirname(output)}`,
      }),
    );
  if (!(await io.host.files.stat(path))) return;
  throw new Failure(
    given('file-exists', `${output} exists already`, {
      hint: 'name a new file: a manifest is never overwritten',
    }),
  );
}

/** Writes to a new file. */
export async function writeNew({ io }: Context, text: string, output: string): Promise<void> {
  const file = await io.host.files.open(resolve(io.host.cwd, output), 'create-new');
  try {
    await file!.write(Buffer.from(text), 0);
  } finally {
    await file!.close();
  }
}
