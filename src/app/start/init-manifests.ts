import { dirname, join, relative } from 'node:path';
import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { compile } from '../../manifest/compile.ts';
import { registry } from '../../resources/registry.ts';
import type { Context } from '../app-context.ts';
import { editorSchema } from '../session/editor-schema.ts';
import { type FirstAnswers, firstManifest, labAnswers } from './first-manifest.ts';

/** What is asked when no option says it; each has an option of that name. */
export type Question = 'vm' | 'vcenter' | 'bucket' | 'region';

export interface InitOptions extends Partial<Omit<FirstAnswers, 'vms'>> {
  vm?: string[];
  /** Ask nothing: what the lab holds. */
  lab?: boolean;
}

/**
 * Puts a question to whoever is there; left out when nobody is. An answer has no space around it, and is
 * empty for the fallback; undefined at the end of the input.
 */
export type Ask = (question: Question, fallback: string | undefined) => Promise<string | undefined>;

export interface Initialised {
  answers: FirstAnswers;
  /** Names of what was written, below the folder. */
  written: string[];
}

export const manifestName = 'manifests/dr.yaml';
const schemaName = 'schemas/manifest.schema.json';

/**
 * Writes a first manifest into `dir`, the schema that editors check it by, and a .gitignore. Throws a Failure
 * when something there would be overwritten, when an option is wrong, or when what is needed isn't answered.
 */
export async function initManifests(
  context: Context,
  dir: string,
  options: InitOptions,
  ask: Ask | undefined,
): Promise<Initialised> {
  await refuseOverwriting(context, dir);
  // A wrong option is told before anything is asked, a wrong answer before the next question.
  const wrong = async (answers: Partial<FirstAnswers>) =>
    mistakesIn(context, join(dir, manifestName), firstManifest({ ...labAnswers, ...answers }, ''));
  const answers = options.lab ? labAnswers : await answersOf(context, options, ask, wrong);
  // What came from the environment, and all of it together.
  const mistakes = await wrong(answers);
  if (mistakes.length > 0) throw new Failure(mistakes);
  const schemaPath = relative(dirname(manifestName), schemaName).replaceAll('\\', '/');
  return { answers, written: await write(context, dir, firstManifest(answers, schemaPath)) };
}

async function refuseOverwriting({ io }: Context, dir: string): Promise<void> {
  for (const name of [manifestName, schemaName]) {
    if (await io.host.files.stat(join(dir, name)))
      throw new Failure(
        given('file-exists', `${join(dir, name)} exists already, and is not overwritten`, {
          hint: 'edit it, or name another folder: converge init DIR',
        }),
      );
  }
}

async function answersOf(
  { io, reporter }: Context,
  { vm, vcenter, bucket, region, username }: InitOptions,
  ask: Ask | undefined,
  wrong: (answers: Partial<FirstAnswers>) => Promise<Diagnostic[]>,
): Promise<FirstAnswers> {
  const chosen = Object.entries({ vms: vm, vcenter, bucket, region, username });
  const mistakes = await wrong(Object.fromEntries(chosen.filter(([, value]) => value !== undefined)));
  if (mistakes.length > 0) throw new Failure(mistakes);
  const missing: string[] = [];
  let ended = false;
  const answer = async (
    question: Question,
    asAnswer: (text: string) => Partial<FirstAnswers>,
    fallback?: string,
  ): Promise<string> => {
    // Asked until there is an answer, or the end of the input.
    while (ask && !ended) {
      const text = await ask(question, fallback);
      io.interrupt.throwIfAborted();
      if (text === undefined) {
        ended = true;
        break;
      }
      const because = text === '' ? [] : await wrong(asAnswer(text));
      reporter.diagnostics(because);
      if (because.length > 0) continue;
      if (text !== '') return text;
      if (fallback !== undefined) return fallback;
    }
    if (fallback === undefined) missing.push(`--${question}`);
    return fallback ?? '';
  };
  const answers: FirstAnswers = {
    vms: vm ?? listed(await answer('vm', text => ({ vms: listed(text) }))),
    vcenter: vcenter ?? (await answer('vcenter', text => ({ vcenter: text }))),
    username: username ?? labAnswers.username,
    bucket: bucket ?? (await answer('bucket', text => ({ bucket: text }))),
    region: region ?? (await answer('region', text => ({ region: text }), regionOf(io.host.env))),
  };
  if (missing.length === 0) return answers;
  throw new Failure(
    given('not-answered', `${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} needed`, {
      hint: 'give the options, run it in a terminal, or try `converge init --lab`',
    }),
  );
}

const regionOf = (env: Context['io']['host']['env']): string | undefined =>
  env.AWS_REGION ?? env.AWS_DEFAULT_REGION;

const listed = (text: string): string[] =>
  text
    .split(',')
    .map(vm => vm.trim())
    .filter(Boolean);

/** What is written must be what `validate` takes. Mistakes come without a place: nothing is written yet. */
async function mistakesIn(context: Context, path: string, text: string): Promise<Diagnostic[]> {
  const { cwd, platform, files } = context.io.host;
  const bytes = Buffer.from(text);
  const overlay: ReadFiles = {
    ...files,
    stat: async name => {
      if (name !== path) return files.stat(name);
      const some = await files.stat(cwd);
      return some && { ...some, kind: 'file', size: bytes.length };
    },
    read: async name => (name === path ? bytes : files.read(name)),
  };
  const { diagnostics } = await compile([path], { registry, files: overlay, cwd, platform });
  return diagnostics.map(({ at: _, related: __, ...said }) => said);
}

/** The names of what was written. */
async function write({ io }: Context, dir: string, manifest: string): Promise<string[]> {
  const { files } = io.host;
  const put = async (name: string, text: string) => {
    await files.mkdir(dirname(join(dir, name)), { recursive: true });
    await files.writeAtomic(join(dir, name), Buffer.from(text));
  };
  const ignored = (await files.read(join(dir, '.gitignore')))?.toString('utf8') ?? '';
  await put(schemaName, `${JSON.stringify(await editorSchema(registry, [], io.host), null, 2)}\n`);
  await put(manifestName, manifest);
  if (/^\/?\.converge\/?\s*$/m.test(ignored)) return [manifestName, schemaName];
  const gap = ignored === '' || ignored.endsWith('\n') ? '' : '\n';
  await put('.gitignore', `${ignored}${gap}.converge/\n`);
  return [manifestName, schemaName, '.gitignore'];
}
