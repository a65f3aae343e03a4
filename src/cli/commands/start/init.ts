import { resolve } from 'node:path';
import { labAnswers } from '../../../app/start/first-manifest.ts';
import {
  type Ask,
  type InitOptions,
  initManifests,
  manifestName,
  type Question,
} from '../../../app/start/init-manifests.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';

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
      const { answers, written } = await initManifests(context, dir, options, askOf(context));
      context.print([
        `wrote ${written.join(', ')}${name === '.' ? '' : ` in ${name}`}`,
        ...next(name, answers.username, options),
      ]);
      exit(0);
    });
};

const questions: Record<Question, string> = {
  vm: 'Which VMs are to be protected? Names, with commas:',
  vcenter: 'Address of the vCenter, https://...:',
  bucket: 'Name of the bucket for recovery points, new to all of AWS:',
  region: 'AWS region to recover to:',
};

/** Undefined where nobody can answer. */
function askOf({ io: { ask } }: CliContext): Ask | undefined {
  if (!ask) return undefined;
  return async (question, fallback) => {
    const shown = fallback === undefined ? '' : ` [${fallback}]`;
    return (await ask(`${questions[question]}${shown} `))?.trim();
  };
}

function next(dir: string, username: string, { lab }: InitOptions): string[] {
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
