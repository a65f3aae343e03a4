/** East Asian wide and full-width characters and pictographs; two columns on a terminal. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Combining marks and joiners; no column of their own. */
const zero = /\p{Mn}|\p{Me}|\p{Cf}/u;

const ascii = /^[\x20-\x7e]*$/;

/** Columns that one character (code point) takes on a terminal. */
const characterWidth = (character: string): number =>
  zero.test(character) ? 0 : wide.test(character) ? 2 : 1;

/** Columns that a text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As much of the beginning as fits into `columns`. */
export function keepStart(text: string, columns: number): string {
  let kept = '';
  let width = 0;
  for (const character of text) {
    width += textWidth(character);
    if (width > columns) break;
    kept += character;
  }
  return kept;
}

/** Control characters and direction overrides become visible, so that no text can steer the terminal. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd');
