import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from './engine-host.ts';

export interface TestRepository {
  /** Folder of the bare repository. */
  dir: string;
  url: string;
  /** Commits files on a branch, made when it isn't there, and returns the commit. */
  commit(files: Record<string, string>, branch?: string): string;
  /** An annotated tag of the newest commit. */
  tag(name: string): void;
  git(...args: string[]): string;
}

/** A repository that others push to. A commit takes one process: there is no working tree to keep. */
export function gitRepository(): TestRepository {
  const root = temporaryFolder();
  const dir = join(root, 'repository.git');
  const who = { GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.com' };
  const env = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1', ...who };
  const run = (args: string[], input = '') =>
    execFileSync('git', args, { cwd: root, env, input, encoding: 'utf8', stdio: 'pipe' }).trim();
  const git = (...args: string[]) => run(['-C', dir, ...args]);
  run(['init', '-q', '--bare', '-b', 'main', dir]);
  /** The newest commit of each branch, and of all. */
  const newest = new Map<string, string>();
  let last: string | undefined;
  let count = 0;
  return {
    dir,
    url: `file://${dir}`,
    commit(files, branch = 'main') {
      const parent = newest.get(branch) ?? last;
      // Two commits of one second and content would be one and the same.
      const lines = [
        `commit refs/heads/${branch}\nmark :1\ncommitter A <a@example.com> ${1_700_000_000 + ++count} +0000`,
        data('change'),
        ...(parent === undefined ? [] : [`from ${parent}`]),
        ...Object.entries(files).flatMap(([name, content]) => [`M 100644 inline ${name}`, data(content)]),
        'get-mark :1\n',
      ];
      last = run(['-C', dir, 'fast-import', '--quiet', '--force', '--cat-blob-fd=1'], lines.join('\n'));
      newest.set(branch, last);
      return last;
    },
    tag(name) {
      git('tag', '-f', '-a', '-m', name, name, last ?? 'HEAD');
    },
    git,
  };
}

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}`;
