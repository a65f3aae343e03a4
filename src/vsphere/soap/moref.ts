import { malformed } from '../http/malformed.ts';
import type { XmlElement } from './xml.ts';
import { el, type Outgoing } from './xml-writer.ts';

/** A managed object reference: the type and the server's id of an object. */
export interface Moref {
  type: string;
  value: string;
}

export const moref = (type: string, value: string): Moref => ({ type, value });

/** Writes a reference as a parameter. */
export const ref = (name: string, to: Moref): Outgoing => el(name, to.value, { type: to.type });

/** Reads a reference; its type is the plain `type` attribute, not `xsi:type`. */
export function readMoref(element: XmlElement | undefined, what: string): Moref {
  const type = element?.attributes.get('type');
  if (!element || type === undefined || element.text === '') throw malformed(what, 'no object reference');
  return { type, value: element.text };
}
