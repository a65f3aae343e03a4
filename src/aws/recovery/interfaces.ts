import type { AddressHolder } from '../../recovery/model/machines.ts';
import type { RecoveryConnection } from './connection.ts';
import { tagsOf } from './tags.ts';

/**
 * Who has an address of a subnet. Whatever has one does so by a network interface: an instance, a load
 * balancer, an endpoint.
 */
export async function findHolder(
  { ec2, onEc2 }: RecoveryConnection,
  subnet: string,
  address: string,
  signal?: AbortSignal,
): Promise<AddressHolder | undefined> {
  const command = new ec2.DescribeNetworkInterfacesCommand({
    Filters: [
      { Name: 'subnet-id', Values: [subnet] },
      { Name: 'addresses.private-ip-address', Values: [address] },
    ],
  });
  const answer = await onEc2(
    'DescribeNetworkInterfaces',
    `${address} in ${subnet}`,
    (client, options) => client.send(command, options),
    { signal },
  );
  const [found] = answer?.NetworkInterfaces ?? [];
  if (!found) return undefined;
  const tags = tagsOf(found.TagSet);
  const instance = found.Attachment?.InstanceId;
  const what =
    instance === undefined ? `network interface ${found.NetworkInterfaceId}` : `instance ${instance}`;
  const called = tags.Name ?? (found.Description || undefined);
  return { words: called === undefined ? what : `${what} (${called})`, tags };
}
