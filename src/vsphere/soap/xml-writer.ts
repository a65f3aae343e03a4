import { Failure, given } from '../../diagnostics/diagnostic.ts';

/** An element to be written. Order of children is the schema's: SOAP servers check it. */
export interface Outgoing {
  name: string;
  attributes: Record<string, string>;
  content: string | Outgoing[];
}

/** An element with text or children. */
export const el = (
  name: string,
  content: string | number | boolean | Outgoing[],
  attributes: Record<string, string> = {},
): Outgoing => ({ name, attributes, content: Array.isArray(content) ? content : String(content) });

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Escapes text for element content and double-quoted attributes. White space other than the blank
 * goes as a character reference, since a parser normalises the plain form.
 * @throws Failure `unprintable-character` for what XML 1.0 cannot hold at all (section 2.2)
 */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are meant
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text) || !text.isWellFormed()) {
    throw new Failure(
      given('unprintable-character', 'A value for vSphere holds a character that XML cannot carry.', {
        hint: 'Remove control characters and unpaired surrogates from names, user name and password.',
      }),
    );
  }
  return text.replace(/[&<>"]/g, c => ENTITIES[c]!).replace(/[\t\n\r]/g, c => `&#${c.charCodeAt(0)};`);
}

/** The element as text, without a declaration. */
export function writeXml(element: Outgoing): string {
  const attributes = Object.entries(element.attributes).map(([k, v]) => ` ${k}="${escapeXml(v)}"`);
  const content =
    typeof element.content === 'string' ? escapeXml(element.content) : element.content.map(writeXml).join('');
  return `<${element.name}${attributes.join('')}>${content}</${element.name}>`;
}
