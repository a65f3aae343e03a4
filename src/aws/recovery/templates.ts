import type {
  LaunchTemplate,
  RequestLaunchTemplateData,
  ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { RecoveryConnection } from './connection.ts';
import { tagsOf, toTags } from './tags.ts';

/** What a launch template says about a machine. */
export interface MachineTemplate {
  instance_type: string;
  subnet: string;
  private_address?: string;
  /** The one group that it is launched into: a quarantine. */
  quarantine: string;
  key_pair?: string;
  tenancy?: 'default' | 'dedicated' | 'host';
  host_resource_group?: string;
  tags?: Record<string, string>;
  /** What it is given once it has its disks; a template has no place for it but tags of the instance. */
  later: Later;
}

export interface Later {
  security_groups: string[];
  admin_group?: string;
  instance_profile?: string;
  license?: string;
  shell?: string;
  instance_types?: string[];
  subnets?: string[];
}

export interface FoundTemplate {
  id: string;
  name: string;
  /** The default version. */
  version: number;
  /** The newest one; versions are counted up, and a number is given once. */
  latest: number;
  /** Of the template itself. */
  tags: Record<string, string>;
  says: MachineTemplate;
}

export interface Templates {
  find(name: string, signal?: AbortSignal): Promise<FoundTemplate | undefined>;
  /** All that have a tag of this key. */
  list(tag: string, signal?: AbortSignal): Promise<FoundTemplate[]>;
  /** @returns false when there is one of that name, which then is left as it is */
  create(
    wanted: { name: string; token: string; tags: Record<string, string>; says: MachineTemplate },
    signal?: AbortSignal,
  ): Promise<boolean>;
  /**
   * A new version, which becomes the default.
   * @param latest the newest version there was when it was decided what to write
   * @returns false when somebody else has made a version since: the new one is there, and isn't the default
   */
  change(id: string, says: MachineTemplate, latest: number, signal?: AbortSignal): Promise<boolean>;
  remove(id: string, signal?: AbortSignal): Promise<void>;
}

export function awsTemplates({ ec2, onEc2 }: RecoveryConnection): Templates {
  const read = async (
    { LaunchTemplateId: id = '', LaunchTemplateName: name = '', LatestVersionNumber, Tags }: LaunchTemplate,
    signal?: AbortSignal,
  ): Promise<FoundTemplate> => {
    const command = new ec2.DescribeLaunchTemplateVersionsCommand({
      LaunchTemplateId: id,
      Versions: ['$Default'],
    });
    const answer = await onEc2(
      'DescribeLaunchTemplateVersions',
      name,
      (client, options) => client.send(command, options),
      { signal },
    );
    const [version] = answer?.LaunchTemplateVersions ?? [];
    return {
      id,
      name,
      version: version?.VersionNumber ?? 0,
      latest: LatestVersionNumber ?? 0,
      tags: tagsOf(Tags),
      says: readData(version?.LaunchTemplateData ?? {}),
    };
  };
  /** Whether there is a version between the two; a number is skipped as well when its version was deleted. */
  async function isOvertaken(id: string, latest: number, made: number, signal: AbortSignal | undefined) {
    if (made === latest + 1) return false;
    const command = new ec2.DescribeLaunchTemplateVersionsCommand({
      LaunchTemplateId: id,
      MinVersion: String(latest + 1),
      MaxVersion: String(made - 1),
    });
    const between = await onEc2(
      'DescribeLaunchTemplateVersions',
      id,
      (client, options) => client.send(command, options),
      { signal },
    );
    return (between?.LaunchTemplateVersions ?? []).length > 0;
  }
  return {
    async find(name, signal) {
      const command = new ec2.DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] });
      const found = await onEc2(
        'DescribeLaunchTemplates',
        name,
        (client, options) => client.send(command, options),
        { signal, expected: /^InvalidLaunchTemplateName\.NotFoundException$/ },
      );
      const [template] = found?.LaunchTemplates ?? [];
      return template?.LaunchTemplateId === undefined ? undefined : read(template, signal);
    },
    async list(tag, signal) {
      const found: LaunchTemplate[] = [];
      let NextToken: string | undefined;
      do {
        const command = new ec2.DescribeLaunchTemplatesCommand({
          Filters: [{ Name: 'tag-key', Values: [tag] }],
          MaxResults: 200,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEc2(
          'DescribeLaunchTemplates',
          tag,
          (client, options) => client.send(command, options),
          { signal },
        );
        found.push(...(answer?.LaunchTemplates ?? []));
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      return Promise.all(found.map(template => read(template, signal)));
    },
    async create({ name, token, tags, says }, signal) {
      const command = new ec2.CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        ClientToken: token,
        LaunchTemplateData: write(says),
        TagSpecifications: [{ ResourceType: 'launch-template', Tags: toTags(tags) }],
      });
      const made = await onEc2(
        'CreateLaunchTemplate',
        name,
        (client, options) => client.send(command, options),
        {
          signal,
          expected: /^InvalidLaunchTemplateName\.AlreadyExistsException$/,
        },
      );
      return made !== undefined;
    },
    async change(id, says, latest, signal) {
      const create = new ec2.CreateLaunchTemplateVersionCommand({
        LaunchTemplateId: id,
        LaunchTemplateData: write(says),
      });
      const made = await onEc2(
        'CreateLaunchTemplateVersion',
        id,
        (client, options) => client.send(create, options),
        { signal },
      );
      const number = made?.LaunchTemplateVersion?.VersionNumber ?? 0;
      // EC2 has no condition for this; its counting of versions tells who was first.
      if (await isOvertaken(id, latest, number, signal)) return false;
      const modify = new ec2.ModifyLaunchTemplateCommand({
        LaunchTemplateId: id,
        DefaultVersion: String(number),
      });
      await onEc2('ModifyLaunchTemplate', id, (client, options) => client.send(modify, options), { signal });
      return true;
    },
    async remove(id, signal) {
      const command = new ec2.DeleteLaunchTemplateCommand({ LaunchTemplateId: id });
      await onEc2('DeleteLaunchTemplate', id, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidLaunchTemplateId\.NotFound/,
      });
    },
  };
}

/** Tags of the instance that tell what comes after its launch; lists are parted by spaces. */
const laterTags: { readonly [K in keyof Later]-?: string } = {
  security_groups: 'converge:then-security-groups',
  admin_group: 'converge:then-admin-group',
  instance_profile: 'converge:then-instance-profile',
  license: 'converge:license',
  shell: 'converge:shell',
  instance_types: 'converge:else-instance-types',
  subnets: 'converge:else-subnets',
};
const lists: readonly (keyof Later)[] = ['security_groups', 'instance_types', 'subnets'];

const write = (says: MachineTemplate) => {
  const { instance_type, subnet, private_address, quarantine, key_pair, tenancy, host_resource_group } = says;
  const later = Object.fromEntries(
    Object.entries(says.later).map(([key, value]) => [
      laterTags[key as keyof Later],
      Array.isArray(value) ? value.join(' ') : String(value),
    ]),
  );
  const tags = { ...says.tags, ...later };
  return {
    InstanceType: instance_type as 'm6i.large',
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnet,
        Groups: [quarantine],
        ...(private_address !== undefined && { PrivateIpAddress: private_address }),
      },
    ],
    ...(key_pair !== undefined && { KeyName: key_pair }),
    ...(tenancy !== undefined && {
      Placement: {
        Tenancy: tenancy,
        ...(host_resource_group !== undefined && { HostResourceGroupArn: host_resource_group }),
      },
    }),
    MetadataOptions: { HttpTokens: 'required' },
    TagSpecifications: [
      { ResourceType: 'instance', Tags: toTags(tags) },
      ...(says.tags ? [{ ResourceType: 'volume' as const, Tags: toTags(says.tags) }] : []),
    ],
  } satisfies RequestLaunchTemplateData;
};

function readData(data: ResponseLaunchTemplateData): MachineTemplate {
  const [face] = data.NetworkInterfaces ?? [];
  const { Tenancy, HostResourceGroupArn } = data.Placement ?? {};
  const all = tagsOf(data.TagSpecifications?.find(({ ResourceType }) => ResourceType === 'instance')?.Tags);
  const later: Record<string, string | string[]> = { security_groups: [] };
  for (const [name, key] of Object.entries(laterTags) as [keyof Later, string][]) {
    const value = all[key];
    delete all[key];
    if (value !== undefined)
      later[name] = lists.includes(name) ? value.split(' ').filter(each => each !== '') : value;
  }
  return {
    instance_type: data.InstanceType ?? '',
    subnet: face?.SubnetId ?? '',
    ...(face?.PrivateIpAddress !== undefined && { private_address: face.PrivateIpAddress }),
    quarantine: (face?.Groups ?? data.SecurityGroupIds ?? []).join(' '),
    ...(data.KeyName !== undefined && { key_pair: data.KeyName }),
    ...(Tenancy !== undefined && { tenancy: Tenancy }),
    ...(HostResourceGroupArn !== undefined && { host_resource_group: HostResourceGroupArn }),
    ...(Object.keys(all).length > 0 && { tags: all }),
    later: later as unknown as Later,
  };
}
