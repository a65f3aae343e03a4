import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Package {
  name: string;
  version: string;
  license?: string;
  author?: string | { name: string };
}

/**
 * The licences of what is bundled: MIT, BSD and Apache ask for their text to be passed on with copies.
 *
 * @param folders of packages in node_modules
 * @returns one text, each licence once with all packages that it stands for; throws for one without a licence
 */
export async function notices(folders: readonly string[]): Promise<string> {
  const byText = new Map<string, string[]>();
  for (const folder of folders) {
    const { name, version, license, author } = JSON.parse(
      await readFile(join(folder, 'package.json'), 'utf8'),
    ) as Package;
    if (typeof license !== 'string') throw new Error(`${folder} says no licence`);
    const texts = (await readdir(folder)).filter(file => /^(licen[cs]e|notice)/i.test(file)).sort();
    const read = await Promise.all(texts.map(file => readFile(join(folder, file), 'utf8')));
    const text = read.map(one => one.replaceAll('\r\n', '\n').trim()).join('\n\n');
    const by = typeof author === 'string' ? author : author?.name;
    const key =
      text !== ''
        ? text
        : license === 'Apache-2.0'
          ? 'The text of Apache-2.0 is in LICENSE.'
          : `${license}, by ${by ?? 'its authors'}: the package brings no text of its own.`;
    byText.set(key, [...(byText.get(key) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...byText].map(([text, names]) => `${[...new Set(names)].join('\n')}\n\n${text}\n`);
  return `converge contains parts of the following packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
