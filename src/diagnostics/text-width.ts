import stringWidth from 'string-width';

const ascii = /^[\x20-\x7e]*$/;

/**
 * Made for the first text that needs one: reading the tables behind it takes as long as loading the whole
 * CLI.
 */
let segmenter: Intl.Segmenter | undefined;

/** The characters of a text, as a reader counts them; combined marks and emoji have several code points. */
export function characters(text: string): Iterable<string> {
  if (ascii.test(text)) return text;
  segmenter ??= new Intl.Segmenter('en');
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

/** Columns that a text takes on a terminal, as it is shown there. */
export const textWidth = (text: string): number =>
  ascii.test(text) ? text.length : stringWidth(printable(text));

/** As much of the beginning as fits into `columns`. */
export function keepStart(text: string, columns: number): string {
  let kept = '';
  let width = 0;
  for (const character of characters(text)) {
    width += textWidth(character);
    if (width > columns) break;
    kept += character;
  }
  return kept;
}

/**
 * Characters that steer a terminal, turn the text around (Unicode TR 36, section 2.2; "Trojan Source"), end a
 * line for somebody, or show nothing.
 */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/**
 * One line that shows all that is in a text: line breaks and tabs as a space, what steers or hides as U+FFFD.
 */
export const printable = (text: string): string =>
  ascii.test(text) ? text : text.replace(/[\t\r\n]+/g, ' ').replace(unprintable, '\ufffd');
