import { describe, expect, test } from 'vitest';
import { longestMarkdown, marker, renderMarkdown } from '../../../src/engine/render/markdown.ts';
import { given } from '../../support/made-up.ts';
import { everything, planned, planOf } from '../../support/plans.ts';

const diagnostics = [
  given('denied', 'no answer from <script> & `x`\n@octocat', {
    hint: 'ask again',
    at: { file: 'm.yaml', line: 3, column: 1 },
  }),
];

test('a plan with one of everything', async () => {
  await expect(renderMarkdown(everything(), { diagnostics })).toMatchFileSnapshot('markdown.golden.md');
});

test('counts and digest are before everything else, below the marker', () => {
  const [first, counts, , warnings, , digest] = renderMarkdown(everything()).split('\n');
  expect(first).toBe(marker);
  expect(counts).toContain('1 to create, 3 to update, 1 to delete');
  expect(warnings).toBe('**1 weakening protection, 2 held**');
  expect(digest).toContain('7f3a9c21deadbeef');
});

test('nobody is mentioned by what was observed', () => {
  expect(renderMarkdown(everything(), { diagnostics })).not.toMatch(/@octocat/);
});

test('nothing to do says so', () => {
  expect(renderMarkdown(planOf(planned('file:/a', 1, {})))).toContain('nothing to do: 1 in sync');
});

describe('a plan too large', () => {
  const many = (count: number, fields: number, name = 'x') =>
    planOf(
      ...Array.from({ length: count }, (_, i) =>
        planned(`file:/${name.repeat(20)}/${i}`, i, {
          action: 'update',
          fields: Array.from({ length: fields }, (_, f) => ({
            path: `/p${f}`,
            before: 'b'.repeat(100),
            after: 'a'.repeat(100),
          })),
        }),
      ),
    );

  test('loses details from the end first, and keeps every row', () => {
    const text = renderMarkdown(many(200, 5));
    expect(text.length).toBeLessThanOrEqual(longestMarkdown);
    expect(text.length).toBeGreaterThan(longestMarkdown - 2000);
    const detailed = text.match(/<details>/g)!.length;
    expect(detailed).toBeGreaterThan(10);
    expect(text.match(/^- `~ update/gm)).toHaveLength(200 - detailed);
    expect(text.match(/<\/details>/g)).toHaveLength(detailed);
    expect(text).not.toContain(' more');
    // Markdown reads a list again only after an empty line.
    expect(text).toMatch(/<\/details>\n\n- `/);
  });

  test('then loses rows, and says how many', () => {
    const text = renderMarkdown(many(2000, 1));
    expect(text.length).toBeLessThanOrEqual(longestMarkdown);
    const rows = text.match(/^- `~ update/gm)!.length;
    expect(text).not.toContain('<details>');
    expect(text).toMatch(new RegExp(`\\n\\.\\.\\. ${2000 - rows} more\\n$`));
    expect(text).toContain('2000 to update');
  });

  test.each([1, 50, 200, 400, 1000, 5000])('of %i changes stays within any limit it is given', count => {
    for (const limit of [3000, 10_000, longestMarkdown]) {
      const plan = many(count, 3, 'wide|`');
      const errors = Array.from({ length: count }, () => given('x', 'y'.repeat(200)));
      expect(renderMarkdown(plan, { limit, diagnostics: errors }).length).toBeLessThanOrEqual(limit);
    }
  });
});
