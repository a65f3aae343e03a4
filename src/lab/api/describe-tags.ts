import type { InstanceSettings } from '../instance/settings.ts';
import { ApiError } from './error.ts';

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

/**
 * DescribeTags of EC2's query API for the lab's one instance: all of its tags at once. Source: Amazon EC2
 * API reference. Throws ApiError for any other action or filter.
 */
export function describeTags(query: URLSearchParams, instance: InstanceSettings): string {
  if (query.get('Action') !== 'DescribeTags')
    throw new ApiError('InvalidAction', `The lab's EC2 does not know ${query.get('Action')}.`);
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
        `<item><resourceId>${instance.instanceId}</resourceId><resourceType>instance</resourceType><key>${escaped(key)}</key><value>${escaped(value)}</value></item>`,
    );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>lab</requestId><tagSet>${items.join('')}</tagSet></DescribeTagsResponse>`;
}

/** EC2's error document. */
export const ec2Error = ({ code, message }: ApiError): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>lab</RequestID></Response>`;
