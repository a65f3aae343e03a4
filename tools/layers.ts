/**
 * Fails when an import of `src` isn't one that `tools/layers/table.ts` allows, when imports run around, when
 * something is written past the one place where text leaves the program, when something waits outside of
 * `src/io`, or when a phrase isn't English. With --write it writes the order of the rooms into
 * docs/architecture.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { checkLayers } from './layers/check.ts';
import { checkExits } from './layers/exits.ts';
import { withRooms } from './layers/page.ts';
import { readProse, readSources, readTexts } from './layers/sources.ts';
import { layers } from './layers/table.ts';
import { checkWaits } from './layers/waits.ts';
import { checkWidths } from './layers/widths.ts';
import { checkWords } from './layers/words.ts';

const page = 'docs/architecture.md';
const widthsOf = async (folder: string) =>
  checkWidths(
    new Map([...(await readTexts(folder))].map(([file, text]) => [`${folder}/${file}`, text] as const)),
  );

if (process.argv.includes('--write')) {
  await writeFile(page, withRooms(await readFile(page, 'utf8'), layers));
} else {
  const files = await readSources('src');
  const texts = await readTexts('src');
  const wrong = [
    ...checkLayers(files, layers),
    ...checkExits(texts),
    ...checkWaits(texts),
    ...checkWords(await readProse('.')),
    ...(await Promise.all(['src', 'test', 'tools', 'bench'].map(widthsOf))).flat(),
  ];
  if (wrong.length > 0) {
    console.error(wrong.join('\n'));
    process.exitCode = 1;
  } else {
    console.log(`layers: ${files.size} files in ${Object.keys(layers.rooms).length} rooms keep to the table`);
  }
}
