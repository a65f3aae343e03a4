import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { protocolName, wrongAddress, wrongPort } from '../../../windows/security/firewall.ts';
import type { FirewallProperties } from './firewall-properties.ts';

/** Throws a Failure (given) with all that netsh would refuse. */
export function refuseContradictions(properties: FirewallProperties, title: string): void {
  const { protocol, local_port, remote_port, local_address, remote_address, edge_traversal } = properties;
  const wrong: Diagnostic[] = [];
  const name = properties.name ?? title;
  if (/^all$/i.test(name) || /["|]/.test(name) || name.trim() !== name || name === '')
    wrong.push(
      given('wrong-name', `\`${name}\` can't be the name of a rule`, {
        hint: 'netsh takes `all` for every rule, and no quotes and bars',
      }),
    );
  for (const text of [properties.program, properties.service, properties.description])
    if (text !== undefined && /["|]/.test(text))
      wrong.push(given('wrong-value', `\`${text}\` holds a quote or a bar, which no rule can have`));
  for (const [key, list] of Object.entries({ local_port, remote_port })) {
    const port = list === undefined ? undefined : wrongPort([list].flat().join(','));
    if (port !== undefined)
      wrong.push(
        given('wrong-port', `\`${port}\` in \`${key}\` is not a port`, {
          hint: 'write `443`, `5000-5010`, a list, or `any`',
        }),
      );
    if (list !== undefined && !['tcp', 'udp'].includes(protocolName(protocol ?? '')))
      wrong.push(given('contradiction', 'only `tcp` and `udp` have ports', { hint: 'add `protocol: tcp`' }));
  }
  for (const [key, list] of Object.entries({ local_address, remote_address })) {
    const address = list === undefined ? undefined : wrongAddress([list].flat().join(','));
    if (address !== undefined)
      wrong.push(
        given('wrong-address', `\`${address}\` in \`${key}\` is not an address`, {
          hint: 'write `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, `LocalSubnet`, a list, or `any`',
        }),
      );
  }
  if (edge_traversal === true && properties.direction === 'out')
    wrong.push(
      given('contradiction', 'only what comes in can come by a tunnel', { hint: 'remove `edge_traversal`' }),
    );
  if (wrong.length > 0) throw new Failure(wrong);
}
