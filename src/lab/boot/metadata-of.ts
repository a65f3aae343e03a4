import type { Ec2State } from '../ec2/world/state.ts';
import type { InstanceSettings } from '../instance/settings.ts';

/** What the metadata of an instance says, by the account as it is now. */
export function metadataSettings(
  { instances, subnets, tags }: Ec2State,
  id: string,
  { region, account }: { region: string; account: string },
): InstanceSettings {
  const instance = instances[id]!;
  return {
    instanceId: id,
    instanceType: instance.type,
    region,
    availabilityZone: subnets[instance.subnet]!.zone,
    accountId: account,
    imageId: instance.image,
    tags: tags[id] ?? {},
    metadata: true,
    metadataTags: instance.metadata.tags === 'enabled',
    describeTags: false,
  };
}
