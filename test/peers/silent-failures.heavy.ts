import { expect, test } from 'vitest';
import { describeWith } from './s3-programs.ts';
import { OURS } from './silent/ours.ts';
import { PAGE, pageOf, resticOnPage } from './silent/page.ts';
import { PEER, RESTIC } from './silent/restic.ts';

/** One after the other, each with a capital letter but the first. */
const sentences = (parts: readonly string[]): string =>
  parts.map((part, at) => (at === 0 ? part : part[0]!.toUpperCase() + part.slice(1))).join('. ');

const ours: Record<string, string[]> = {};
const restic = resticOnPage();

describeWith('restic with runrestic', `${PEER}/runrestic`, ['--version'], () => {
  test.each(Object.entries(RESTIC))('failure %s', async (n, stage) => {
    delete restic[n];
    restic[n] = await stage();
  });
});

test.each(OURS.map(stage => [stage.name, stage] as const))('converge: %s', async (_, stage) => {
  for (const [n, cell] of Object.entries(await stage())) ours[n] = [...(ours[n] ?? []), cell];
});

test('docs/silent-failures.md says what was said', async () => {
  const cells = Object.fromEntries(Object.entries(ours).map(([n, parts]) => [n, sentences(parts)]));
  await expect(pageOf({ ours: cells, restic })).toMatchFileSnapshot(PAGE);
});
