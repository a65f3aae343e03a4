import type { RequestLaunchTemplateData, ResponseLaunchTemplateData } from '@aws-sdk/client-ec2';
import type { RecoveryConnection } from './connection.ts';
import { tagsOf, toTags } from './tags.ts';

/** What a launch template says about a machine. */
export interface MachineTemplate {
  instance_type: string;
  subnet: string;
  security_groups: string[];
  key_pair?: string;
  tags?: Record<string, string>;
}

export interface FoundTemplate {
  id: string;
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
  /** Whether there is a version between the two; a number is skipped as well when its version was deleted. */
  async function isOvertaken(id: string, latest: number, made: number, signal: AbortSignal | undefined) {
    if (made === latest + 1) return false;
    const between = await onEc2(
      'DescribeLaunchTemplateVersions',
      id,
      (client, options) =>
        client.send(
          new ec2.DescribeLaunchTemplateVersionsCommand({
            LaunchTemplateId: id,
            MinVersion: String(latest + 1),
            MaxVersion: String(made - 1),
          }),
          options,
        ),
      { signal },
    );
    return (between?.LaunchTemplateVersions ?? []).length > 0;
  }
  return {
    async find(name, signal) {
      const found = await onEc2(
        'DescribeLaunchTemplates',
        name,
        (client, options) =>
          client.send(new ec2.DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] }), options),
        { signal, expected: /^InvalidLaunchTemplateName\.NotFoundException$/ },
      );
      const [template] = found?.LaunchTemplates ?? [];
      if (!template?.LaunchTemplateId) return undefined;
      const id = template.LaunchTemplateId;
      const versions = await onEc2(
        'DescribeLaunchTemplateVersions',
        name,
        (client, options) =>
          client.send(
            new ec2.DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions: ['$Default'] }),
            options,
          ),
        { signal },
      );
      const [version] = versions?.LaunchTemplateVersions ?? [];
      return {
        id,
        version: version?.VersionNumber ?? 0,
        latest: template.LatestVersionNumber ?? 0,
        tags: tagsOf(template.Tags),
        says: read(version?.LaunchTemplateData ?? {}),
      };
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
      const made = await onEc2(
        'CreateLaunchTemplateVersion',
        id,
        (client, options) =>
          client.send(
            new ec2.CreateLaunchTemplateVersionCommand({
              LaunchTemplateId: id,
              LaunchTemplateData: write(says),
            }),
            options,
          ),
        { signal },
      );
      const number = made?.LaunchTemplateVersion?.VersionNumber ?? 0;
      // EC2 has no condition for this; its counting of versions tells who was first.
      if (await isOvertaken(id, latest, number, signal)) return false;
      await onEc2(
        'ModifyLaunchTemplate',
        id,
        (client, options) =>
          client.send(
            new ec2.ModifyLaunchTemplateCommand({ LaunchTemplateId: id, DefaultVersion: String(number) }),
            options,
          ),
        { signal },
      );
      return true;
    },
    async remove(id, signal) {
      await onEc2(
        'DeleteLaunchTemplate',
        id,
        (client, options) =>
          client.send(new ec2.DeleteLaunchTemplateCommand({ LaunchTemplateId: id }), options),
        { signal, expected: /^InvalidLaunchTemplateId\.NotFound/ },
      );
    },
  };
}

const write = ({ instance_type, subnet, security_groups, key_pair, tags }: MachineTemplate) =>
  ({
    InstanceType: instance_type as 'm6i.large',
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: subnet, Groups: security_groups }],
    ...(key_pair !== undefined && { KeyName: key_pair }),
    MetadataOptions: { HttpTokens: 'required' },
    ...(tags && {
      TagSpecifications: [
        { ResourceType: 'instance', Tags: toTags(tags) },
        { ResourceType: 'volume', Tags: toTags(tags) },
      ],
    }),
  }) satisfies RequestLaunchTemplateData;

function read(data: ResponseLaunchTemplateData): MachineTemplate {
  const [face] = data.NetworkInterfaces ?? [];
  const tags = data.TagSpecifications?.find(({ ResourceType }) => ResourceType === 'instance');
  return {
    instance_type: data.InstanceType ?? '',
    subnet: face?.SubnetId ?? '',
    security_groups: face?.Groups ?? data.SecurityGroupIds ?? [],
    ...(data.KeyName !== undefined && { key_pair: data.KeyName }),
    ...(tags && { tags: tagsOf(tags.Tags) }),
  };
}
