import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateResult,
  CreateLaunchTemplateVersionRequest,
  CreateLaunchTemplateVersionResult,
  DeleteLaunchTemplateRequest,
  DeleteLaunchTemplateResult,
  DeleteLaunchTemplateVersionsRequest,
  DeleteLaunchTemplateVersionsResult,
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplatesResult,
  DescribeLaunchTemplateVersionsRequest,
  DescribeLaunchTemplateVersionsResult,
  LaunchTemplate,
  LaunchTemplateVersion,
  ModifyLaunchTemplateRequest,
  ModifyLaunchTemplateResult,
  RequestLaunchTemplateData,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, once, requestedTags, setTags } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import type { Template } from '../world/state.ts';

interface Named {
  LaunchTemplateId?: string | undefined;
  LaunchTemplateName?: string | undefined;
}

function find({ state }: Ec2Call, { LaunchTemplateId, LaunchTemplateName }: Named): Template {
  if (LaunchTemplateId !== undefined && LaunchTemplateName !== undefined)
    throw refuse.combination('A launch template is named by its id or by its name, not by both');
  if (LaunchTemplateId !== undefined) return byId('template', state.templates, LaunchTemplateId);
  const found = Object.values(state.templates).find(({ name }) => name === LaunchTemplateName);
  if (found) return found;
  throw refuse.other(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${LaunchTemplateName}, does not exist.`,
  );
}

const latestOf = ({ versions }: Template) => Math.max(...versions.map(({ number }) => number));

/** A version by its number, `$Latest` or `$Default`. Throws ApiError. */
function versionOf(template: Template, name: string): Template['versions'][number] {
  const number =
    name === '$Latest' ? latestOf(template) : name === '$Default' ? template.defaultVersion : Number(name);
  const found = template.versions.find(each => each.number === number);
  if (found) return found;
  throw refuse.other(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${name} for the launch template with ID ${template.id}.`,
  );
}

/**
 * A request with what its launch template says where the request says nothing, and the tags that EC2 adds of
 * it. Tags of both are given. Source: Amazon EC2 user guide, "Launch instances from a launch template".
 * Throws ApiError.
 */
export function withTemplate(
  call: Ec2Call,
  input: RunInstancesRequest,
): { merged: RunInstancesRequest; tags: Record<string, string> } {
  if (!input.LaunchTemplate) return { merged: input, tags: {} };
  const template = find(call, input.LaunchTemplate);
  const { number, data } = versionOf(template, input.LaunchTemplate.Version ?? '$Default');
  const { TagSpecifications = [], ...rest } = data as RequestLaunchTemplateData;
  // A request that says where it goes says so in its own way: by interface or by subnet.
  const { NetworkInterfaces, SecurityGroupIds, SecurityGroups, ...others } = rest;
  const own = input.NetworkInterfaces ? {} : { NetworkInterfaces, SecurityGroupIds, SecurityGroups };
  const groups = input.SecurityGroupIds || input.SecurityGroups ? { NetworkInterfaces } : own;
  const said = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return {
    merged: {
      ...(others as Partial<RunInstancesRequest>),
      ...(groups as Partial<RunInstancesRequest>),
      ...(said as unknown as RunInstancesRequest),
      TagSpecifications: [...(TagSpecifications as []), ...(input.TagSpecifications ?? [])],
    },
    tags: { 'aws:ec2launchtemplate:id': template.id, 'aws:ec2launchtemplate:version': String(number) },
  };
}

const described = ({ state, account }: Ec2Call, it: Template): LaunchTemplate => ({
  LaunchTemplateId: it.id,
  LaunchTemplateName: it.name,
  CreateTime: new Date(it.created),
  CreatedBy: `arn:aws:iam::${account}:root`,
  DefaultVersionNumber: it.defaultVersion,
  LatestVersionNumber: latestOf(it),
  ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
});

const versionOutput = (
  { account }: Ec2Call,
  it: Template,
  { number, description, created, data }: Template['versions'][number],
): LaunchTemplateVersion => ({
  LaunchTemplateId: it.id,
  LaunchTemplateName: it.name,
  VersionNumber: number,
  ...(description !== undefined && { VersionDescription: description }),
  CreateTime: new Date(created),
  CreatedBy: `arn:aws:iam::${account}:root`,
  DefaultVersion: number === it.defaultVersion,
  LaunchTemplateData: data,
});

export const templateActions = {
  async CreateLaunchTemplate(
    input: CreateLaunchTemplateRequest,
    call: Ec2Call,
  ): Promise<CreateLaunchTemplateResult> {
    const { state, now } = call;
    const name = input.LaunchTemplateName ?? '';
    if (!/^[\w().\-/]{3,128}$/.test(name))
      throw refuse.other(
        'InvalidLaunchTemplateName.MalformedException',
        `A launch template's name has 3 to 128 letters, digits and ( ) . - / _: '${name}'`,
      );
    const [id = ''] = await once(call, input.ClientToken, input, () => {
      if (Object.values(state.templates).some(it => it.name === name))
        throw refuse.other(
          'InvalidLaunchTemplateName.AlreadyExistsException',
          'Launch template name already in use.',
        );
      const made = call.newId('lt');
      state.templates[made] = {
        id: made,
        name,
        created: now,
        defaultVersion: 1,
        lastVersion: 1,
        versions: [versionFrom(1, input, now)],
      };
      setTags(call, made, requestedTags(input.TagSpecifications, 'launch-template'));
      return [made];
    });
    return { LaunchTemplate: described(call, state.templates[id]!) };
  },

  async CreateLaunchTemplateVersion(
    input: CreateLaunchTemplateVersionRequest,
    call: Ec2Call,
  ): Promise<CreateLaunchTemplateVersionResult> {
    const template = find(call, input);
    const [number] = await once(call, input.ClientToken, input, () => {
      const source = input.SourceVersion === undefined ? {} : versionOf(template, input.SourceVersion).data;
      template.lastVersion += 1;
      const version = versionFrom(template.lastVersion, input, call.now);
      template.versions.push({ ...version, data: { ...source, ...version.data } });
      return [String(template.lastVersion)];
    });
    return { LaunchTemplateVersion: versionOutput(call, template, versionOf(template, number!)) };
  },

  ModifyLaunchTemplate(input: ModifyLaunchTemplateRequest, call: Ec2Call): ModifyLaunchTemplateResult {
    const template = find(call, input);
    if (input.DefaultVersion !== undefined)
      template.defaultVersion = versionOf(template, input.DefaultVersion).number;
    return { LaunchTemplate: described(call, template) };
  },

  DescribeLaunchTemplates(
    input: DescribeLaunchTemplatesRequest,
    call: Ec2Call,
  ): DescribeLaunchTemplatesResult {
    const { state } = call;
    const named = input.LaunchTemplateNames?.map(name => find(call, { LaunchTemplateName: name }));
    const all =
      named && named.length > 0
        ? named
        : byIds('template', Object.values(state.templates), input.LaunchTemplateIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) =>
        filter === 'launch-template-name'
          ? [it.name]
          : filter === 'create-time'
            ? [new Date(it.created).toISOString()]
            : undefined,
      { ids: input.LaunchTemplateIds ?? input.LaunchTemplateNames, smallest: 1, largest: 200 },
    );
    return { LaunchTemplates: page.map(it => described(call, it)), ...token };
  },

  DescribeLaunchTemplateVersions(
    input: DescribeLaunchTemplateVersionsRequest,
    call: Ec2Call,
  ): DescribeLaunchTemplateVersionsResult {
    const { state } = call;
    const isNamed = input.LaunchTemplateId !== undefined || input.LaunchTemplateName !== undefined;
    const wanted = input.Versions ?? [];
    if (!isNamed && (wanted.length === 0 || wanted.some(it => !it.startsWith('$'))))
      throw refuse.missing('LaunchTemplateId or LaunchTemplateName');
    const [least, most] = [
      Number(input.MinVersion ?? 0),
      Number(input.MaxVersion ?? Number.MAX_SAFE_INTEGER),
    ];
    const all = (isNamed ? [find(call, input)] : Object.values(state.templates)).flatMap(template =>
      (wanted.length > 0 ? wanted.map(it => versionOf(template, it)) : template.versions)
        .filter(({ number }) => number >= least && number <= most)
        .sort((a, b) => b.number - a.number)
        .map(version => ({ id: `${template.id} ${version.number}`, template, version })),
    );
    const { page, ...token } = select(
      state,
      all,
      input,
      ({ template, version: { number, data } }, filter) =>
        filter === 'is-default-version'
          ? [String(number === template.defaultVersion)]
          : filter === 'image-id'
            ? [data.ImageId as string | undefined]
            : undefined,
      { smallest: 1, largest: 200 },
    );
    return {
      LaunchTemplateVersions: page.map(({ template, version }) => versionOutput(call, template, version)),
      ...token,
    };
  },

  DeleteLaunchTemplate(input: DeleteLaunchTemplateRequest, call: Ec2Call): DeleteLaunchTemplateResult {
    const template = find(call, input);
    const LaunchTemplate = described(call, template);
    delete call.state.templates[template.id];
    delete call.state.tags[template.id];
    return { LaunchTemplate };
  },

  DeleteLaunchTemplateVersions(
    input: DeleteLaunchTemplateVersionsRequest,
    call: Ec2Call,
  ): DeleteLaunchTemplateVersionsResult {
    const template = find(call, input);
    const common = { LaunchTemplateId: template.id, LaunchTemplateName: template.name };
    const done: NonNullable<DeleteLaunchTemplateVersionsResult['SuccessfullyDeletedLaunchTemplateVersions']> =
      [];
    const failed: NonNullable<
      DeleteLaunchTemplateVersionsResult['UnsuccessfullyDeletedLaunchTemplateVersions']
    > = [];
    for (const each of input.Versions ?? []) {
      const VersionNumber = Number(each);
      const isThere = template.versions.some(({ number }) => number === VersionNumber);
      if (isThere && VersionNumber !== template.defaultVersion) {
        template.versions = template.versions.filter(({ number }) => number !== VersionNumber);
        done.push({ ...common, VersionNumber });
        continue;
      }
      failed.push({
        ...common,
        VersionNumber,
        ResponseError: isThere
          ? { Code: 'unexpectedError', Message: 'The default version cannot be deleted.' }
          : { Code: 'launchTemplateVersionDoesNotExist', Message: `There is no version ${each}.` },
      });
    }
    return {
      SuccessfullyDeletedLaunchTemplateVersions: done,
      UnsuccessfullyDeletedLaunchTemplateVersions: failed,
    };
  },
} satisfies Ec2Actions;

const versionFrom = (
  number: number,
  input: Pick<CreateLaunchTemplateRequest, 'VersionDescription' | 'LaunchTemplateData'>,
  created: number,
): Template['versions'][number] => ({
  number,
  ...(input.VersionDescription !== undefined && { description: input.VersionDescription }),
  created,
  data: { ...input.LaunchTemplateData },
});
