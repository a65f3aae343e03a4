import { htmlText } from '../../diagnostics/html-text.ts';

/** Text that is HTML already. Only `html` makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * What may be put into HTML: texts are shown as they are, lists one after another, nothing for what isn't
 * there.
 */
export type Part = string | number | Html | undefined | false | readonly Part[];

const textOf = (part: Part): string => {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return htmlText(String(part));
};

/** The one way to HTML: what is written in the source is markup, and what is put in is text. */
export const html = (markup: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(markup.reduce((all, piece, at) => all + textOf(parts[at - 1]) + piece));
