/**
 * Takes away one guard of isolation, of failover and of prune after the other, and sees that the test which
 * is named for it fails: `node tools/mutations.ts [WORDS]`, of those whose guard has the words; `--part=1/4`:
 * of every fourth; `--missing`: of those that were not shown yet. Nothing of the checkout is changed: the
 * text is another one where the tests load it. A guard counts as shown when its test passes with it, and
 * without it fails by what it asks: not because the file no longer loads, another test fails, or time runs
 * out. When that was, is kept in tools/mutations/shown.json; `--write`: the table of docs/recovery-proofs.md
 * is written anew.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createVitest, type TestCase } from 'vitest/node';
import { judged, type Outcome } from './mutations/judged.ts';
import type { Mutation } from './mutations/mutation.ts';
import { mutations } from './mutations/table.ts';

const root = resolve(import.meta.dirname, '..');
const page = join(root, 'docs/recovery-proofs.md');
const kept = join(root, 'tools/mutations/shown.json');
const [begin, end] = ['<!-- mutations: written by tools/mutations.ts -->', '<!-- end of mutations -->'];

/** By guard: the day when its test was last seen to fail, and of which mutation and test that was. */
export type Shown = Record<string, { on: string; of: string }>;

export const readShown = async (): Promise<Shown> => JSON.parse(await readFile(kept, 'utf8')) as Shown;

/** What a mutation and its test are, so that another one isn't taken for shown. */
export const formOf = ({ file, from, to, test }: Mutation): string =>
  createHash('sha256')
    .update(JSON.stringify([file, from, to, test]))
    .digest('hex')
    .slice(0, 12);

/**
 * One Vitest for all of them: what it has loaded and transformed once is loaded from there, but for the file
 * of the guard.
 */
async function openTests(places: readonly string[]) {
  let mutation: Mutation | undefined;
  let taken = false;
  const vitest = await createVitest(
    'test',
    {
      root,
      config: false,
      watch: false,
      reporters: [{}],
      include: [...new Set(places)],
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
            if (!mutation || id.split('?')[0] !== join(root, mutation.file)) return undefined;
            // A guard that has moved, or is there twice, is not the one that is meant.
            taken = code.split(mutation.from).length === 2;
            return { code: code.replace(mutation.from, () => mutation!.to), map: null };
          },
        },
      ],
    },
  );
  const specifications = await vitest.globTestSpecifications();
  return {
    /** What came of the tests whose names begin so, as they are or with a guard taken away. */
    async run([place, name]: Mutation['test'], without?: Mutation): Promise<Outcome> {
      mutation = without;
      taken = without === undefined;
      if (without) vitest.invalidateFile(join(root, without.file));
      vitest.setGlobalTestNamePattern(new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
      const chosen = specifications.filter(({ moduleId }) => moduleId === join(root, place));
      const ran = await vitest.runTestSpecifications(chosen);
      // Those of other files that ran before are in it, too.
      const testModules = ran.testModules.filter(({ moduleId }) => moduleId === join(root, place));
      // Whoever loads it next has it as it is.
      if (without) vitest.invalidateFile(join(root, without.file));
      process.exitCode = 0;
      return {
        taken,
        unloaded: testModules.flatMap(module => module.errors().map(({ message }) => message)),
        tests: testModules
          .flatMap(module => [...module.children.allTests()])
          .filter(one => one.result().state !== 'skipped')
          .map(outcomeOf),
      };
    },
    close: () => vitest.close(),
  };
}

const outcomeOf = (one: TestCase): Outcome['tests'][number] => {
  const { state, errors = [] } = one.result();
  return { passed: state === 'passed', errors: errors.map(({ name, message }) => ({ name, message })) };
};

/** The rows as the page has them. */
export const tableOf = (all: readonly Mutation[], shown: Shown): string =>
  [
    '| guard | taken away in | by | test that fails | last shown |',
    '|---|---|---|---|---|',
    ...all.map(mutation => {
      const { guard, file, from, to, test } = mutation;
      const [of, name] = test;
      const seen = shown[guard]?.of === formOf(mutation) ? shown[guard].on : 'not yet';
      return `| ${guard} | \`${file}\` | ${code(from)} → ${code(to)} | \`${of}\`: ${name} | ${seen} |`;
    }),
  ].join('\n');

const code = (text: string): string =>
  text.trim() === '' ? 'nothing' : `\`${text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``;

/** The page with the rows of a table. */
export const pageWith = (text: string, all: readonly Mutation[], shown: Shown): string => {
  const [before = '', rest = ''] = text.split(begin!);
  return `${before}${begin}\n${tableOf(all, shown)}\n${end}${rest.split(end!)[1] ?? ''}`;
};

/** One after the other, and keeps which are shown. How many are not. */
async function judgeAll(chosen: readonly Mutation[]): Promise<number> {
  const tests = await openTests(chosen.map(({ test: [place] }) => place));
  const asItIs = new Map<string, Outcome>();
  let unseen = 0;
  for (const [n, mutation] of chosen.entries()) {
    const test = mutation.test.join(': ');
    const whole = asItIs.get(test) ?? (await tests.run(mutation.test));
    asItIs.set(test, whole);
    const verdict = judged(whole, await tests.run(mutation.test, mutation));
    if (verdict.shown) {
      // Read anew each time: parts may run beside each other.
      const on = new Date().toISOString().slice(0, 10);
      const shown = { ...(await readShown()), [mutation.guard]: { on, of: formOf(mutation) } };
      const inOrder = mutations.flatMap(({ guard }) =>
        shown[guard] ? [[guard, shown[guard]] as const] : [],
      );
      await writeFile(kept, `${JSON.stringify(Object.fromEntries(inOrder), null, 2)}\n`);
    } else unseen++;
    const words = `${verdict.shown ? '' : 'NOT SHOWN: '}${verdict.said.split('\n')[0]!.slice(0, 160)}`;
    process.stdout.write(`${n + 1}/${chosen.length} ${mutation.guard}: ${words}\n`);
  }
  await tests.close();
  return unseen;
}

async function main(words: readonly string[]): Promise<void> {
  const named = words.filter(word => !word.startsWith('--'));
  const [part = 1, of = 1] = (/^--part=(\d+)\/(\d+)$/m.exec(words.join('\n')) ?? []).slice(1).map(Number);
  const before = await readShown();
  const isMissing = (it: Mutation) => before[it.guard]?.of !== formOf(it);
  const chosen = mutations
    .filter(it => !words.includes('--missing') || isMissing(it))
    .filter(({ guard }) => named.every(word => guard.includes(word)))
    .filter((_, n) => n % of === part - 1);
  const unseen = chosen.length > 0 ? await judgeAll(chosen) : 0;
  if (words.includes('--write'))
    await writeFile(page, pageWith(await readFile(page, 'utf8'), mutations, await readShown()));
  process.exit(unseen > 0 ? 1 : 0);
}

if (import.meta.main) await main(process.argv.slice(2));
