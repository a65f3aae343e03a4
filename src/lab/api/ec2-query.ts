import type { ApiError } from './error.ts';

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

export const tag = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;

/** The values of `NAME.1`, `NAME.2` ... */
export const listOf = (query: URLSearchParams, name: string): string[] =>
  [...query].filter(([key]) => new RegExp(`^${name}\\.\\d+$`).test(key)).map(([, value]) => value);

/** `Filter.N`: any of its values may match, with `*` and `?` as wildcards and `\` before what is none. */
export function filtersOf(query: URLSearchParams): { name: string; matches(text: string): boolean }[] {
  return [...query].flatMap(([key, name]) => {
    const filter = /^(Filter\.\d+)\.Name$/.exec(key)?.[1];
    if (filter === undefined) return [];
    const patterns = listOf(query, `${filter.replace('.', '\\.')}\\.Value`).map(patternOf);
    return [{ name, matches: text => patterns.some(pattern => pattern.test(text)) }];
  });
}

const patternOf = (value: string): RegExp =>
  new RegExp(
    `^${value.replace(/\\([\s\S])|[\s\S]/g, (character, quoted?: string) =>
      quoted === undefined && character === '*'
        ? '[\\s\\S]*'
        : quoted === undefined && character === '?'
          ? '[\\s\\S]'
          : (quoted ?? character).replace(/[^\w\s]/g, '\\$&'),
    )}$`,
  );

export const ec2Answer = (action: string, body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>lab</requestId>${body}</${action}Response>`;

/** EC2's error document. */
export const ec2Error = ({ code, message }: ApiError): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${tag('Code', code)}${tag('Message', message)}</Error></Errors><RequestID>lab</RequestID></Response>`;
