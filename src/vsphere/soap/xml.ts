import type { XmlElement } from '../../io/xml.ts';

export { child, childrenNamed, parseXml, textAt, type XmlElement, XmlError } from '../../io/xml.ts';

/** Namespace of `xsi:type`, which vSphere uses for every polymorphic value. */
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** The local part of `xsi:type`: `VirtualDisk` of `vim25:VirtualDisk`. */
export function xsiType(element: XmlElement | undefined): string | undefined {
  const type = element?.attributes.get(`{${XSI}}type`);
  return type?.slice(type.indexOf(':') + 1);
}
