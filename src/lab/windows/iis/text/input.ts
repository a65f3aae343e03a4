import { same } from '../schema/model.ts';
import { EXIT, refused } from './messages.ts';
import { childElements, NotWellFormed, parseXml, type XmlElement } from './xml.ts';

/** One object of what another appcmd printed with `/xml`. */
export interface InputRow {
  /** `SITE`, `CONFIG` ... */
  kind: string;
  facts: Map<string, string>;
  /** The configuration inside, of `/config`. */
  body?: XmlElement;
}

/** Reads stdin for `/in`. Throws 8007000d for anything but an `appcmd` document. */
export function readInput(text: string): InputRow[] {
  try {
    const { root } = parseXml(text.trimStart());
    if (!same(root.name, 'appcmd')) throw refused(EXIT.invalidData, 'invalidData');
    return childElements(root).map(row => {
      const body = childElements(row)[0];
      const facts = new Map([...row.attributes].map(([name, value]) => [name.toLowerCase(), value]));
      return { kind: row.name.toUpperCase(), facts, ...(body ? { body } : {}) };
    });
  } catch (error) {
    if (error instanceof NotWellFormed) throw refused(EXIT.invalidData, 'invalidData');
    throw error;
  }
}
