import { dirname, join, relative, resolve } from 'node:path';
import { editorSchema } from '../../../app/session/editor-schema.ts';
import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { ReadFiles } from '../../../io/ports.ts';
import { compile } from '../../../manifest/compile.ts';
import { registry } from '../../../resources/registry.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { type FirstAnswers, firstManifest, labAnswers } from '../../context/first-manifest.ts';

interface InitOptions extends Partial<Omit<FirstAnswers, 'vms'>> {
  vm?: string[];
  lab?: boolean;
}

const manifestName = 'manifests/dr.yaml';
const schemaName = 'schemas/manifest.schema.json';

export const init: Define = (program, context, exit) => {
  program
    .command('init [DIR]')
    .description('write a first manifest into DIR (default: here), from a few questions or options')
    .option('--vm <NAME>', 'a VM to protect; may be repeated', (name: string, before: string[] = []) => [
      ...before,
      name,
    ])
    .option('--vcenter <URL>', 'address of the vCenter: https://vcenter.example.com')
    .option('--username <NAME>', `who signs in there (default ${labAnswers.username})`)
    .option('--bucket <NAME>', 'bucket for the recovery points; its name must be new to all of AWS')
    .option('--region <NAME>', 'AWS region to recover to (default: AWS_REGION)')
    .option('--lab', 'ask nothing: a manifest for the lab, which runs at once')
    .addHelpText(
      'after',
      `
Examples:
  converge init
  converge init dr --lab
  converge init --vm dc02 --vcenter https://vcenter.example.com --bucket example-dr --region eu-west-1

It writes ${manifestName}, the schema that editors check it by, and a .gitignore for .converge. What is
there already is left alone. Without a terminal it asks nothing: what has no default must be an option.`,
    )
    .action(async (name = '.', options: InitOptions = {}) => {
      const dir = resolve(context.io.host.cwd, name);
      await refuseOverwriting(context, dir);
      // A wrong option is told before anything is asked, a wrong answer before the next question.
      const wrong = async (answers: Partial<FirstAnswers>) =>
        mistakesIn(context, join(dir, manifestName), firstManifest({ ...labAnswers, ...answers }, ''));
      const answers = options.lab ? labAnswers : await ask(context, options, wrong);
      // What came from the environment, and all of it together.
      const mistakes = await wrong(answers);
      if (mistakes.length > 0) throw new Failure(mistakes);
      const schemaPath = relative(dirname(manifestName), schemaName).replaceAll('\\', '/');
      const text = firstManifest(answers, schemaPath);
      const written = await write(context, dir, text);
      context.print([
        `wrote ${written.join(', ')}${name === '.' ? '' : ` in ${name}`}`,
        ...next(name, answers, options),
      ]);
      exit(0);
    });
};

async function refuseOverwriting({ io }: CliContext, dir: string): Promise<void> {
  for (const name of [manifestName, schemaName]) {
    if (await io.host.files.stat(join(dir, name)))
      throw new Failure(
        given('file-exists', `${join(dir, name)} exists already, and is not overwritten`, {
          hint: 'edit it, or name another folder: converge init DIR',
        }),
      );
  }
}

async function ask(
  context: CliContext,
  options: InitOptions,
  wrong: (answers: Partial<FirstAnswers>) => Promise<Diagnostic[]>,
): Promise<FirstAnswers> {
  const { io } = context;
  const { vm: names, vcenter: url, bucket: name, region: place } = options;
  const chosen = { vms: names, vcenter: url, bucket: name, region: place, username: options.username };
  const mistakes = await wrong(
    Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)),
  );
  if (mistakes.length > 0) throw new Failure(mistakes);
  const missing: string[] = [];
  let ended = false;
  const answer = async (
    option: string,
    question: string,
    asAnswer: (text: string) => Partial<FirstAnswers>,
    value?: string,
    fallback?: string,
  ) => {
    if (value !== undefined) return value;
    const shown = fallback === undefined ? '' : ` [${fallback}]`;
    // Asked until there is an answer, or the end of the input.
    while (io.ask && !ended) {
      const said = await io.ask(`${question}${shown} `);
      io.interrupt.throwIfAborted();
      if (said === undefined) {
        ended = true;
        break;
      }
      const text = said.trim();
      const because = text === '' ? [] : await wrong(asAnswer(text));
      context.report(because);
      if (because.length > 0) continue;
      if (text !== '') return text;
      if (fallback !== undefined) return fallback;
    }
    if (fallback === undefined) missing.push(option);
    return fallback ?? '';
  };
  const region = io.host.env.AWS_REGION ?? io.host.env.AWS_DEFAULT_REGION;
  const vms = async () => {
    const list = (text: string) =>
      text
        .split(',')
        .map(vm => vm.trim())
        .filter(Boolean);
    return list(
      await answer('--vm', 'Which VMs are to be protected? Names, with commas:', text => ({
        vms: list(text),
      })),
    );
  };
  const answers: FirstAnswers = {
    vms: options.vm ?? (await vms()),
    vcenter: await answer(
      '--vcenter',
      'Address of the vCenter, https://...:',
      vcenter => ({ vcenter }),
      options.vcenter,
    ),
    username: options.username ?? labAnswers.username,
    bucket: await answer(
      '--bucket',
      'Name of the bucket for recovery points, new to all of AWS:',
      bucket => ({ bucket }),
      options.bucket,
    ),
    region: await answer(
      '--region',
      'AWS region to recover to:',
      region => ({ region }),
      options.region,
      region,
    ),
  };
  if (missing.length === 0) return answers;
  throw new Failure(
    given('not-answered', `${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} needed`, {
      hint: 'give the options, run it in a terminal, or try `converge init --lab`',
    }),
  );
}

/** What is written must be what `validate` takes. Mistakes come without a place: nothing is written yet. */
async function mistakesIn(context: CliContext, path: string, text: string): Promise<Diagnostic[]> {
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
async function write({ io }: CliContext, dir: string, manifest: string): Promise<string[]> {
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

function next(dir: string, { username }: FirstAnswers, { lab }: InitOptions): string[] {
  const cd = dir === '.' ? [] : [`  cd ${dir}`];
  const first = lab
    ? ["  converge apply manifests --lab     protects the lab's VMs; nothing leaves this machine"]
    : [
        '  converge test manifests            tries it in a scratch lab; nothing leaves this machine',
        `  set VC_PASSWORD                    to the password of ${username}`,
        '  converge plan manifests            what would change, and why',
        '  converge apply manifests           does it',
      ];
  return ['next:', ...cd, ...first];
}
