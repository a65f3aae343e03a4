import { expect, it } from 'vitest';
import { compileText, readNote } from './fixture.ts';

it.each([
  ['path: "c:\\temp"', 'tab', "use single quotes: 'c:\\temp'"],
  ['path: "c:\\new"', 'line break', "use single quotes: 'c:\\new'"],
  ['path: "c:\\bin"', 'control character (U+0008)', "use single quotes: 'c:\\bin'"],
  ['path: "c:\\Program"', 'control character (U+2029)', "use single quotes: 'c:\\Program'"],
  ['path: "c:\\_old"', 'control character (U+00A0)', "use single quotes: 'c:\\_old'"],
  ['path: "it\'s\\temp"', 'tab', 'use single quotes'],
])('%s names the mistake', async (text, character, hint) => {
  const { diagnostics } = await readNote(text);
  expect(diagnostics).toMatchObject([
    {
      code: 'control-character',
      message: `\`path\`: a backslash in double quotes made a ${character} here`,
      hint,
    },
  ]);
});

it('refuses line breaks in one line of text', async () => {
  const { diagnostics } = await readNote('path: |\n  a\n  b');
  expect(diagnostics).toMatchObject([
    { hint: 'use `>-` to join lines into one', at: { line: 5, column: 13 } },
  ]);
});

it('refuses a tab that is there as it is', async () => {
  const { diagnostics } = await readNote("path: 'a\tb'");
  expect(diagnostics).toMatchObject([
    { message: '`path`: expected one line of text, found a tab', hint: 'remove the tab' },
  ]);
});

it('looks at titles and names too', async () => {
  const { diagnostics } = await compileText(
    'resources:\n  note:\n    "c:\\temp": {}\n    b: { tags: { "\\x": y, "\\t": z } }',
  );
  expect(diagnostics.map(({ code }) => code)).toEqual(['yaml']);
  const again = await compileText('resources:\n  note:\n    "c:\\temp": {}\n    b: { tags: { "\\t": z } }');
  expect(again.diagnostics).toMatchObject([
    { code: 'control-character', at: { line: 4, column: 5 } },
    { code: 'control-character', at: { line: 5, column: 18 } },
  ]);
});

it('says single quotes for a backslash that YAML does not know', async () => {
  const { diagnostics } = await readNote('path: "c:\\users"');
  expect(diagnostics).toMatchObject([{ hint: 'use single quotes, which take backslashes as they are' }]);
});
