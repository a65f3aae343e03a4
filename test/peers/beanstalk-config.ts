import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where `.ci/peers` puts cfn-init's own code. */
const library = '/usr/local/lib/converge-peers/cfn-bootstrap';

/** What is missing to judge such files; undefined: nothing. */
export function missing(): string | undefined {
  if (spawnSync('python3', ['--version'], { stdio: 'ignore' }).error) return 'python3';
  return existsSync(join(library, 'cfnbootstrap')) ? undefined : library;
}

export interface BeanstalkRun {
  /** In their order; `wait` is seconds, -1 for ever. */
  ran: {
    name: string;
    command: string | string[];
    cwd: string | null;
    env: Record<string, string> | null;
    wait: number;
  }[];
  /** What was written, by path of Windows. */
  files: Record<string, string>;
  /** Why the deployment failed. */
  failed: string | null;
}

/**
 * Keys of such a file, of its commands and of its files, from "Customizing software on Windows servers" of
 * the Elastic Beanstalk documentation. A file with another key is ignored as a whole.
 */
const known = {
  '': [
    'packages',
    'sources',
    'files',
    'commands',
    'services',
    'container_commands',
    'option_settings',
    'Resources',
  ],
  commands: ['command', 'env', 'cwd', 'ignoreErrors', 'test', 'waitAfterCompletion'],
  container_commands: ['command', 'env', 'cwd', 'ignoreErrors', 'test', 'waitAfterCompletion', 'leader_only'],
  files: ['content', 'source', 'encoding', 'authentication'],
};

/** Keys that make Beanstalk ignore a file, or that are none of cfn-init on Windows: `commands/x/runas`. */
export function unknownKeys(text: string): string[] {
  const config = read(text);
  const found = Object.keys(config).filter(key => !known[''].includes(key));
  for (const part of ['commands', 'container_commands', 'files'] as const) {
    for (const [name, attributes] of Object.entries(config[part] ?? {})) {
      const odd = Object.keys(attributes as object).filter(key => !known[part].includes(key));
      found.push(...odd.map(key => `${part}/${name}/${key}`));
    }
  }
  return found;
}

/**
 * Has cfn-init's own code run a `.config` file of a Windows environment. Files land in a scratch folder, and
 * no command is started: each ends with the code that `exits` has for its name (`test NAME` for its test),
 * else 0.
 */
export function runConfig(text: string, exits: Record<string, number> = {}): BeanstalkRun {
  const root = mkdtempSync(join(tmpdir(), 'converge-beanstalk-'));
  try {
    const { option_settings: _, Resources: __, ...config } = read(text);
    const { status, stdout, stderr } = spawnSync(
      'python3',
      ['-W', 'ignore', join(import.meta.dirname, 'cfn_init.py')],
      { input: JSON.stringify({ library, root, config, exits }), encoding: 'utf8', timeout: 60_000 },
    );
    if (status !== 0) throw new Error(`cfn-init's code ended with ${status}: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** YAML as Beanstalk reads it, where `yes` is true; JSON is YAML. */
const read = (text: string): Record<string, Record<string, unknown>> => parse(text, { version: '1.1' });
