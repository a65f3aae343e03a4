import { canonicalNetwork } from '../../../io/ip-address.ts';
import { refuse } from './errors.ts';

/** As EC2 tells it, whatever it was given. */
export function networkOf(text = ''): string {
  const network = canonicalNetwork(text);
  if (network === undefined) throw refuse.parameter(`CIDR block ${text} is malformed`);
  return network;
}
