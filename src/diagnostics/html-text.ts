import { printable } from './text-width.ts';

/**
 * A text as HTML that shows it and is nothing else, between tags and in the quotes of an attribute: whatever
 * a machine, a cloud or a manifest calls something.
 */
export const htmlText = (text: string): string =>
  printable(text).replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`);
