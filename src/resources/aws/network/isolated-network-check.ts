import { mistake } from '../../../engine/model/mistakes.ts';
import type { Mistake } from '../../../engine/model/resource-type.ts';
import { blockOf, overlap, within } from '../../../values/ipv4.ts';
import type { IsolatedNetworkProperties } from './isolated-network-schema.ts';

/** Of a VPC and of a subnet. Source: Amazon VPC User Guide, "VPC CIDR blocks" and "Subnet CIDR blocks". */
const [longest, shortest] = [16, 28];

export function checkNetwork({ cidr, subnets = {} }: IsolatedNetworkProperties, title: string): Mistake[] {
  const found: Mistake[] = [];
  // It is part of a group's name, and a tag's value.
  if (!/^[\w.-]{1,100}$/.test(title))
    found.push(
      mistake(
        '',
        'network-title',
        'letters, digits and . _ - alone can be in its title',
        'give it a plain name',
      ),
    );
  const whole = cidr === undefined ? undefined : blockOf(cidr);
  if (cidr !== undefined) found.push(...wrongBlock('/cidr', cidr));
  const known: string[] = [];
  for (const block of Object.keys(subnets)) {
    const pointer = `/subnets/${block.replaceAll('/', '~1')}`;
    const wrong = wrongBlock(pointer, block);
    found.push(...wrong);
    const mine = blockOf(block);
    if (wrong.length > 0 || !mine) continue;
    if (whole && !within(mine, whole))
      found.push(
        mistake(pointer, 'subnet-outside', `${block} isn't within ${cidr}`, 'correct it, or widen `cidr`'),
      );
    const other = known.find(one => overlap(mine, blockOf(one)!));
    if (other !== undefined)
      found.push(mistake(pointer, 'subnets-overlap', `${block} and ${other} overlap`, 'give each its own'));
    known.push(block);
  }
  return found;
}

function wrongBlock(pointer: string, text: string): Mistake[] {
  const block = blockOf(text);
  if (!block)
    return [
      mistake(
        pointer,
        'wrong-block',
        `${text} is not a block of addresses`,
        'write its first address and its length: 10.0.0.0/16',
      ),
    ];
  return block.length >= longest && block.length <= shortest
    ? []
    : [
        mistake(
          pointer,
          'wrong-block',
          `${text} is not between /${longest} and /${shortest}, which EC2 takes`,
          'a network of more addresses is built of several',
        ),
      ];
}
