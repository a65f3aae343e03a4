import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { NetworkFacts } from '../model/machines.ts';

/**
 * What keeps a network from being proven apart from everything else. A copy of a domain controller that
 * reaches production is a disaster of its own, so that anything not understood counts as a way out.
 */
export function waysOut({ routes, doors, rules, nameServers }: NetworkFacts): string[] {
  return [
    ...routes,
    ...doors.map(door => `the VPC has the ${door}`),
    ...rules.map(rule => `its security group lets traffic ${rule}`),
    ...nameServers
      .filter(server => server !== 'AmazonProvidedDNS')
      .map(server => `DHCP names the name server ${server}`),
  ];
}

/** @throws Failure `network-open`, blocked, with all that leads out */
export function refuseOpen(facts: NetworkFacts): void {
  const ways = waysOut(facts);
  if (ways.length === 0) return;
  throw new Failure(
    blocked(
      'network-open',
      `${facts.subnets.map(({ id }) => id).join(', ')} with ${facts.group}: not apart from everything else: ${ways.join('; ')}`,
      { hint: 'nothing was launched; name subnets of a VPC that nothing leads out of' },
    ),
  );
}
