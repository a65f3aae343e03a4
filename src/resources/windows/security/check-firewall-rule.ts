import type { Code } from '../../../diagnostics/codes.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Mistake } from '../../../engine/model/resource-type.ts';
import { protocolName, wrongAddress, wrongPort } from '../../../windows/security/firewall.ts';
import type { FirewallProperties } from './firewall-properties.ts';

/** All that netsh would refuse. */
export function contradictions(properties: FirewallProperties, title: string): Mistake[] {
  const { protocol, local_port, remote_port, local_address, remote_address, edge_traversal } = properties;
  const { program, service, description } = properties;
  const mistakes: Mistake[] = [];
  const wrong = (pointer: string, code: Code, message: string, hint?: string) =>
    void mistakes.push(mistake(pointer, code, message, hint));
  const name = properties.name ?? title;
  if (/^all$/i.test(name) || /["|]/.test(name) || name.trim() !== name || name === '')
    wrong(
      properties.name === undefined ? '' : '/name',
      'wrong-name',
      `\`${name}\` can't be the name of a rule`,
      'netsh takes `all` for every rule, and no quotes and bars',
    );
  for (const [key, text] of Object.entries({ program, service, description }))
    if (text !== undefined && /["|]/.test(text))
      wrong(`/${key}`, 'wrong-value', `\`${text}\` holds a quote or a bar, which no rule can have`);
  if (/^\d+$/.test(protocol ?? '') && Number(protocol) > 255)
    wrong('/protocol', 'wrong-value', `there is no protocol ${protocol}`, 'numbers go from 0 to 255');
  for (const [key, list] of Object.entries({ local_port, remote_port })) {
    if (list === undefined) continue;
    for (const [at, one] of placed(`/${key}`, list)) {
      const port = wrongPort(one);
      if (port !== undefined)
        wrong(
          at,
          'wrong-port',
          `\`${port}\` in \`${key}\` is not a port`,
          'write `443`, `5000-5010`, a list, or `any`',
        );
    }
    if (!['tcp', 'udp'].includes(protocolName(protocol ?? '')))
      wrong(`/${key}`, 'contradiction', 'only `tcp` and `udp` have ports', 'add `protocol: tcp`');
  }
  for (const [key, list] of Object.entries({ local_address, remote_address }))
    for (const [at, one] of list === undefined ? [] : placed(`/${key}`, list)) {
      const address = wrongAddress(one);
      if (address !== undefined)
        wrong(
          at,
          'wrong-address',
          `\`${address}\` in \`${key}\` is not an address`,
          'write `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, `LocalSubnet`, a list, or `any`',
        );
    }
  if (edge_traversal === true && properties.direction === 'out')
    wrong(
      '/edge_traversal',
      'contradiction',
      'only what comes in can come by a tunnel',
      'remove `edge_traversal`',
    );
  return mistakes;
}

/** Each item of a list with its place; one that stands by itself at its own. */
const placed = (pointer: string, list: string | string[]): [string, string][] =>
  typeof list === 'string' ? [[pointer, list]] : list.map((item, index) => [`${pointer}/${index}`, item]);
