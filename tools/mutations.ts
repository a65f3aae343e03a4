/**
 * Takes away one guard of isolation and of failover after the other, and sees that its test fails: `node
 * tools/mutations.ts [WORDS]`, of those whose guard has the words; `--part=1/4`: of every fourth. Nothing of
 * the checkout is changed: the text is another one where the tests load it. `--write`: the table of
 * docs/recovery-proofs.md is written anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startVitest, type TestCase, type Vitest } from 'vitest/node';
import { type Mutation, mutations } from './mutations/table.ts';

const root = resolve(import.meta.dirname, '..');
const page = join(root, 'docs/recovery-proofs.md');
const [begin, end] = ['<!-- mutations: written by tools/mutations.ts -->', '<!-- end of mutations -->'];

export interface Judged {
  mutation: Mutation;
  /** What the test said; undefined: it passed, so that nobody would have noticed. */
  said: string | undefined;
}

/** The test with the guard taken away. @throws when the guard, or the test, isn't there any more */
async function judge(mutation: Mutation): Promise<Judged> {
  const { file, from, to, test } = mutation;
  const path = join(root, file);
  let taken = false;
  const running = await startVitest(
    'test',
    [test[0]],
    {
      root,
      config: false,
      run: true,
      reporters: [{}],
      include: [test[0]],
      testNamePattern: literal(test[1]),
      globalSetup: ['test/support/temporary.ts'],
      setupFiles: ['test/support/environment.ts', 'test/support/runtime-directory.ts'],
      testTimeout: 60_000,
      maxWorkers: 1,
      retry: 0,
      // A module that was changed must not be what another run finds.
      fsModuleCache: false,
    },
    {
      plugins: [
        {
          name: 'mutation',
          enforce: 'pre',
          transform(code, id) {
            if (id.split('?')[0] !== path) return undefined;
            if (code.split(from).length !== 2) throw new Error(`${file} doesn't have once: ${from}`);
            taken = true;
            return { code: code.replace(from, () => to), map: null };
          },
        },
      ],
    },
  );
  const tests = testsOf(running);
  await running.close();
  process.exitCode = 0;
  if (tests.length === 0) throw new Error(`${test[0]} has no test "${test[1]}"`);
  if (!taken) throw new Error(`${test[0]} doesn't load ${file}`);
  const failed = tests.find(one => one.result().state === 'failed');
  return { mutation, said: failed?.result().errors?.[0]?.message ?? (failed && 'it failed') };
}

const literal = (name: string): RegExp => new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);

function testsOf(running: Vitest): TestCase[] {
  return running.state
    .getTestModules()
    .flatMap(module => [...module.children.allTests()])
    .filter(one => one.result().state !== 'skipped');
}

/** The rows as the page has them. */
export const tableOf = (all: readonly Mutation[]): string =>
  [
    '| guard | taken away in | by | test that fails |',
    '|---|---|---|---|',
    ...all.map(
      ({ guard, file, from, to, test: [of, name] }) =>
        `| ${guard} | \`${file}\` | ${code(from)} → ${code(to)} | \`${of}\`: ${name} |`,
    ),
  ].join('\n');

const code = (text: string): string =>
  text.trim() === '' ? 'nothing' : `\`${text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``;

/** The page with the rows of a table. */
export const pageWith = (text: string, all: readonly Mutation[]): string => {
  const [before = '', rest = ''] = text.split(begin!);
  return `${before}${begin}\n${tableOf(all)}\n${end}${rest.split(end!)[1] ?? ''}`;
};

async function main(words: readonly string[]): Promise<void> {
  const named = words.filter(word => !word.startsWith('--'));
  const [part = 1, of = 1] = (/^--part=(\d+)\/(\d+)$/m.exec(words.join('\n')) ?? []).slice(1).map(Number);
  const chosen = mutations
    .filter(({ guard }) => named.every(word => guard.includes(word)))
    .filter((_, n) => n % of === part - 1);
  const unseen: Mutation[] = [];
  for (const [n, mutation] of chosen.entries()) {
    const { said } = await judge(mutation);
    if (said === undefined) unseen.push(mutation);
    const [line = ''] = (said ?? 'NOBODY NOTICED').split('\n');
    process.stdout.write(`${n + 1}/${chosen.length} ${mutation.guard}: ${line.slice(0, 120)}\n`);
  }
  if (words.includes('--write')) await writeFile(page, pageWith(await readFile(page, 'utf8'), mutations));
  process.exit(unseen.length > 0 ? 1 : 0);
}

if (import.meta.main) await main(process.argv.slice(2));
