import { sha256 } from './digest.ts';

/** Longest line that is looked at, characters: five failures of a guest, each escaped sixfold. */
const longest = 8 * 1024;

/** A line `MARK NONCE SUM JSON`: 16 hex digits of the SHA-256 of `NONCE JSON`, whose JSON is plain ASCII. */
export function markedLine(mark: string, nonce: string, value: unknown): string {
  const json = JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${mark} ${nonce} ${sumOf(nonce, json)} ${json}`;
}

const sumOf = (nonce: string, json: string): string => sha256(`${nonce} ${json}`).slice(0, 16);

/**
 * The JSON of lines `MARK NONCE SUM JSON` in the text of a serial console, in their order. The text is a
 * machine's, and may be anything; the kernel writes in the middle of whatever is being written. So a line
 * counts with the nonce that was asked for and its own sum. Consoles carry ASCII.
 *
 * @param mark letters, digits, `:` and `-`
 */
export function markedIn(text: string, mark: string, nonce: string): unknown[] {
  const line = new RegExp(`${mark} ([0-9a-f]{32}) ([0-9a-f]{16}) (\\{[\\x20-\\x7e]*\\})`);
  return text.split(/[\r\n]+/).flatMap(each => {
    if (each.length > longest) return [];
    const [, of, sum, json] = line.exec(each) ?? [];
    if (of !== nonce || json === undefined || sum !== sumOf(nonce, json)) return [];
    try {
      return [JSON.parse(json) as unknown];
    } catch {
      return [];
    }
  });
}
