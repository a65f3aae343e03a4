import type { Data, Value } from './vim.ts';

/** Fields whose declared type is a base type, so that the true one has to be named. */
const POLYMORPHIC = new Set(['device', 'backing', 'deviceInfo', 'fault', 'reason', 'info', 'bootOrder']);
/** Fields that can hold anything. */
const ANY = new Set(['val', 'result', 'value']);

/** As text or attribute value; what XML 1.0 has no way to write becomes a question mark. */
export const escapeXml = (text: string): string =>
  text.replace(/[^\t\n\r\u0020-\ufffd]/g, '?').replace(/[&<>"\r]/g, found => ESCAPES[found]!);

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** A value as the element `name`; a list as one element for each item, unless the field can hold anything. */
export function writeValue(name: string, value: Value | undefined, any = ANY.has(name)): string {
  if (!value) return '';
  if ('text' in value) return element(name, any ? typed(value.xsi) : '', escapeXml(value.text));
  if ('ref' in value) {
    return element(
      name,
      `${any ? typed('ManagedObjectReference') : ''} type="${escapeXml(value.ref)}"`,
      escapeXml(value.id),
    );
  }
  if ('data' in value)
    return element(name, any || POLYMORPHIC.has(name) ? typed(value.data) : '', writeFields(value));
  if (!any) return value.items.map(item => writeValue(name, item, false)).join('');
  const items = value.items.map(item =>
    writeValue(value.list, item, 'data' in item && item.data !== value.list),
  );
  return element(name, typed(`ArrayOf${value.list[0]!.toUpperCase()}${value.list.slice(1)}`), items.join(''));
}

export const writeFields = ({ fields }: Data): string =>
  Object.entries(fields)
    .map(([name, value]) => writeValue(name, value))
    .join('');

/** A SOAP envelope around the element that is the answer. */
export const envelope = (body: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"' +
  ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"' +
  ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n${body}\n</soapenv:Body>\n</soapenv:Envelope>`;

const typed = (type: string) => ` xsi:type="${type}"`;
const element = (name: string, attributes: string, content: string) =>
  `<${name}${attributes}>${content}</${name}>`;
