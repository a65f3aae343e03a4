import type { ElementSchema } from '../schema/model.ts';
import type { Operation, Step } from '../text/path.ts';
import { childElements, type XmlElement } from '../text/xml.ts';

/**
 * Configuration that came by `/in`, as operations. What the schema doesn't know is refused when it is
 * reached.
 */
export function bodyOperations(schema: ElementSchema, body: XmlElement, steps: Step[] = []): Operation[] {
  const operations: Operation[] = [...body.attributes].map(([attribute, value]) => ({
    kind: 'set',
    steps,
    attribute,
    value,
    given: attribute,
  }));
  for (const child of childElements(body)) {
    const given = child.name;
    const entry = schema.collections.find(each => each.item.name === child.name);
    const pairs: [string, string][] = [...child.attributes];
    if (schema.collections.some(each => each.clear === child.name))
      operations.push({ kind: 'clear', steps, given });
    else if (schema.collections.some(each => each.remove === child.name))
      operations.push({ kind: 'delete', steps: [...steps, { pairs }], given });
    else if (entry) {
      operations.push({ kind: 'add', steps: [...steps, { pairs }], given });
      const inside: XmlElement = { ...child, attributes: new Map() };
      operations.push(...bodyOperations(entry.item, inside, [...steps, { pairs }]));
    } else {
      const element = schema.elements.find(each => each.name === child.name);
      const inner = element ?? { name: child.name, attributes: [], elements: [], collections: [] };
      operations.push(...bodyOperations(inner, child, [...steps, { name: child.name }]));
    }
  }
  return operations;
}
