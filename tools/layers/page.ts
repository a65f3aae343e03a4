import type { Layers } from './check.ts';

const start = '<!-- rooms: written by `npm run generate` from tools/layers/table.ts -->';
const end = '<!-- /rooms -->';

const code = (name: string) => `\`${name}\``;

/**
 * The page with the table of rooms between its two marks.
 * @throws {Error} the page lacks the marks
 */
export const withRooms = (page: string, { rooms }: Layers): string => {
  const [before, , after] = page.split(new RegExp(`(${start}[^]*${end})`));
  if (before === undefined || after === undefined)
    throw new Error(`no place for the rooms: ${start} ... ${end}`);
  const rows = Object.entries(rooms).map(
    ([room, names]) =>
      `| ${code(room === '.' ? 'src' : room)} | ${names.map(code).join(', ') || 'nothing'} |`,
  );
  return `${before}${start}\n| room | may import |\n|---|---|\n${rows.join('\n')}\n${end}${after}`;
};
