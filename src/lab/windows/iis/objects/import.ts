import type { ElementSchema } from '../schema/model.ts';
import { EXIT, refused } from '../text/messages.ts';
import { canonical } from '../text/values.ts';
import { childElements, element, insertChild, type XmlElement } from '../text/xml.ts';

/**
 * The configuration of an object that came by `/in`, as it is written. Throws 8007000d for what this server's
 * schema doesn't have, as with the output of a newer IIS.
 */
export function imported(schema: ElementSchema, given: XmlElement, depth: number): XmlElement {
  const made = element(schema.name);
  for (const [name, text] of given.attributes) {
    const attribute = schema.attributes.find(each => each.name === name);
    if (!attribute) throw refused(EXIT.invalidData, 'invalidData');
    made.attributes.set(name, text === '' && attribute.nonEmpty ? text : canonical(attribute, text));
  }
  for (const child of childElements(given)) {
    const inner =
      schema.elements.find(each => each.name === child.name) ??
      schema.collections.find(each => each.item.name === child.name)?.item;
    const directive = schema.collections.some(each => [each.clear, each.remove].includes(child.name));
    if (!inner && !directive) throw refused(EXIT.invalidData, 'invalidData');
    insertChild(
      made,
      inner ? imported(inner, child, depth + 1) : element(child.name, child.attributes),
      depth + 1,
    );
  }
  return made;
}
