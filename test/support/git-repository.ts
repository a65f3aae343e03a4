import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** A repository that others push to. */
export function gitRepository(): TestRepository {
  const root = temporaryFolder();
  const dir = join(root, 'repository.git');
  const work = join(root, 'work');
  const who = {
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  };
  const env = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1', ...who };
  const run = (cwd: string, ...args: string[]) =>
    execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  run(root, 'init', '-q', '--bare', '-b', 'main', dir);
  run(root, 'init', '-q', '-b', 'main', work);
  run(work, 'remote', 'add', 'origin', dir);
  return {
    dir,
    url: `file://${dir}`,
    commit(files, branch = 'main') {
      try {
        run(work, 'checkout', '-q', branch);
      } catch {
        run(work, 'checkout', '-q', '-B', branch);
      }
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(work, name)), { recursive: true });
        writeFileSync(join(work, name), content);
      }
      run(work, 'add', '-A');
      run(work, 'commit', '-q', '-m', 'change');
      run(work, 'push', '-q', 'origin', branch);
      return run(work, 'rev-parse', 'HEAD');
    },
    tag(name) {
      run(work, 'tag', '-f', '-a', '-m', name, name);
      run(work, 'push', '-q', '-f', 'origin', name);
    },
    git: (...args) => run(dir, ...args),
  };
}
