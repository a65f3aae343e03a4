import type { InstanceSettings } from '../instance/settings.ts';
import { ec2Answer, tag } from './ec2-query.ts';
import { ApiError } from './error.ts';

/**
 * DescribeTags of EC2's query API for the lab's one instance: all of its tags at once. Source: Amazon EC2
 * API reference. Throws ApiError for any other filter.
 */
export function describeTags(query: URLSearchParams, instance: InstanceSettings): string {
  if (!instance.describeTags)
    throw new ApiError(
      'UnauthorizedOperation',
      'You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/lab is not authorized to perform: ec2:DescribeTags',
      403,
    );
  const filters = Array.from({ length: 10 }, (_, index) => `Filter.${index + 1}`).filter(each =>
    query.has(`${each}.Name`),
  );
  const values = (filter: string) =>
    [...query].filter(([name]) => name.startsWith(`${filter}.Value.`)).map(([, value]) => value);
  const fits = ([key]: [string, string]) =>
    filters.every(filter => {
      const name = query.get(`${filter}.Name`);
      if (name === 'resource-id') return values(filter).includes(instance.instanceId);
      if (name === 'resource-type') return values(filter).includes('instance');
      if (name === 'key') return values(filter).includes(key);
      throw new ApiError('InvalidParameterValue', `The filter '${name}' is invalid`);
    });
  const items = Object.entries(instance.tags)
    .filter(fits)
    .map(
      ([key, value]) =>
        `<item>${tag('resourceId', instance.instanceId)}<resourceType>instance</resourceType>${tag('key', key)}${tag('value', value)}</item>`,
    );
  return ec2Answer('DescribeTags', `<tagSet>${items.join('')}</tagSet>`);
}
