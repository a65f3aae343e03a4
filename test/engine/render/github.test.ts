import { expect, test } from 'vitest';
import { textOf } from '../../../src/diagnostics/lines.ts';
import { annotateChanges, annotateDiagnostics } from '../../../src/engine/render/github.ts';
import { given } from '../../support/made-up.ts';
import { everything, planned, planOf } from '../../support/plans.ts';

const fileName = (file: string) => `infra/${file}`;

test('a plan with one of everything, and a mistake', async () => {
  const diagnostics = [
    given('source-not-found', 'not there: 100%\r\nreally', {
      hint: 'look',
      at: { file: 'a,b:c.yaml', line: 2, column: 7 },
    }),
    { ...given('dropped', 'not selected'), severity: 'warning' as const },
  ];
  const text = textOf([
    ...annotateDiagnostics(diagnostics, fileName),
    ...annotateChanges(everything(), fileName),
  ]);
  await expect(text).toMatchFileSnapshot('github.golden.txt');
  expect(text).toContain(
    '::error file=infra/a%2Cb%3Ac.yaml,line=2,col=7,title=source-not-found::not there: 100%25%0Areally%0Alook\n',
  );
});

test('each command is one line, whatever was observed', () => {
  const lines = textOf(annotateChanges(everything(), fileName)).trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) (file|title)=/);
});

test('ten of each kind at most: GitHub shows no more', () => {
  const plan = planOf(
    ...Array.from({ length: 30 }, (_, i) => planned(`file:/${i}`, i, { action: 'create' })),
    ...Array.from({ length: 30 }, (_, i) => planned(`file:/x${i}`, i, { action: 'delete' })),
  );
  const text = textOf(annotateChanges(plan, fileName));
  expect(text.match(/^::notice/gm)).toHaveLength(10);
  expect(text.match(/^::warning/gm)).toHaveLength(10);
});
