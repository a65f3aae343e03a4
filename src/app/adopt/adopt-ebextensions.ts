import { join, resolve } from 'node:path';
import type { Leftover } from '../../adopt/drafts/drafts.ts';
import { adoptEbextensions } from '../../adopt/ebextensions/adopt.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { displayName } from '../../manifest/syntax/find-files.ts';
import { writeManifest } from '../../manifest/write-manifest.ts';
import type { Context } from '../app-context.ts';
import { leftoverText } from './leftover.ts';
import { refuseToOverwrite, writeNew } from './new-file.ts';
import { refusedResources } from './refused-resources.ts';

/** What became of `.ebextensions`. */
export interface AdoptedFiles {
  /** The manifest; in `output` when that was given. */
  text: string;
  /** How many there are, with those refused. */
  resources: number;
  /** Those of them that are in the manifest as comments. */
  refused: { type: string; title: string; note?: string | undefined; mistake: string }[];
  /** What somebody has to decide about. */
  leftovers: Leftover[];
  /** Environment variables that secrets are to come from. */
  secrets: string[];
}

/**
 * Files, or folders with `*.config` in them, to a manifest. Nothing is run and no host is looked at. What was
 * left over is in the manifest, too.
 * @param output a new file for it
 */
export async function adoptFiles(
  context: Context,
  paths: readonly string[],
  output: string | undefined,
): Promise<AdoptedFiles> {
  await refuseToOverwrite(context, output);
  const { resources, leftovers, secrets } = adoptEbextensions(await readFiles(context, paths));
  const refused = await refusedResources(resources, context.registry, 'win32');
  const todo = leftovers.filter(({ needless }) => !needless);
  const needless = leftovers.filter(one => one.needless);
  const text = writeManifest({
    schema: '../schemas/manifest.schema.json',
    about: [
      'What `converge adopt ebextensions` read; each resource says in which lines. Nothing was evaluated.',
    ],
    os: 'windows',
    targets: [],
    resources: resources.map(one => {
      const mistake = refused.get(one);
      return { ...one, ...(mistake !== undefined && { comment: `not taken as it is: ${mistake}` }) };
    }),
    remarks: [
      ...(todo.length > 0 ? ['', 'Left over, to be decided about:', ...todo.map(leftoverText)] : []),
      ...(needless.length > 0 ? ['', 'Nothing has to be done for:', ...needless.map(leftoverText)] : []),
    ],
  });
  if (output !== undefined) await writeNew(context, text, output);
  return {
    text,
    resources: resources.length,
    refused: [...refused].map(([{ type, title, note }, mistake]) => ({ type, title, note, mistake })),
    leftovers: todo,
    secrets: [...secrets],
  };
}

/**
 * Names as they are shown in the manifest. Throws a Failure (given) that names all paths that can't be read.
 */
async function readFiles({ io: { host } }: Context, paths: readonly string[]) {
  const wrong: Failure[] = [];
  const found: { name: string; text: string }[] = [];
  if (paths.length === 0)
    throw new Failure(
      given('no-paths', 'no file was named', { hint: 'name .config files, or the folder .ebextensions' }),
    );
  for (const path of paths) {
    const absolute = resolve(host.cwd, path);
    try {
      const names =
        (await host.files.stat(absolute))?.kind === 'directory' ? await host.files.list(absolute) : [''];
      const files = (names ?? []).filter(name => name === '' || /\.config$/i.test(name)).sort();
      if (files.length === 0)
        throw new Failure(given('empty-folder', `the folder ${path} holds no .config file`));
      for (const file of files) {
        const at = join(absolute, file);
        const bytes = await host.files.read(at);
        if (!bytes) throw new Failure(given('no-such-file', `${path} is not there`));
        found.push({ name: displayName(at, host.cwd), text: bytes.toString('utf8').replace(/^\uFEFF/, '') });
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof Failure) wrong.push(error);
      else if (code === undefined) throw error;
      else wrong.push(new Failure(given('unreadable-file', `${path} can't be read: ${code}`)));
    }
  }
  if (wrong.length > 0) throw new Failure(wrong.flatMap(({ diagnostics }) => diagnostics));
  return found;
}
