import { Failure } from '../diagnostics/diagnostic.ts';
import { toFailure } from './errors.ts';
import type { DescribeTags } from './instance.ts';
import { type AwsSettings, awsClient } from './settings.ts';
import { withRetries } from './with-retries.ts';

/** Milliseconds without traffic. */
const silence = 10_000;
const mostPages = 20;

/** Reads tags by EC2's API with the instance's own role. Rejects with a Failure that says what is missing. */
export function describeTagsBy(settings: Omit<AwsSettings, 'region'>): DescribeTags {
  return async ({ instanceId, region }) => {
    const { DescribeTagsCommand, EC2Client } = await import('@aws-sdk/client-ec2');
    const client = awsClient(EC2Client, { ...settings, region }, silence);
    const tags: Record<string, string> = {};
    try {
      let NextToken: string | undefined;
      for (let page = 0; page < mostPages; page++) {
        const Filters = [{ Name: 'resource-id', Values: [instanceId] }];
        const command = new DescribeTagsCommand({ Filters, ...(NextToken && { NextToken }) });
        const answer = await withRetries(() => client.send(command), settings);
        for (const { Key, Value } of answer.Tags ?? []) if (Key !== undefined) tags[Key] = Value ?? '';
        NextToken = answer.NextToken;
        if (!NextToken) break;
      }
      return tags;
    } catch (error) {
      const about = { service: 'EC2', action: 'ec2:DescribeTags', thing: instanceId, region };
      const { diagnostics } = toFailure(error, about);
      throw new Failure(
        diagnostics.map(diagnostic => ({
          ...diagnostic,
          hint: `${diagnostic.hint ?? ''} Without it: aws ec2 modify-instance-metadata-options --instance-metadata-tags enabled --instance-id ${instanceId}`.trim(),
        })),
        { cause: error },
      );
    } finally {
      client.destroy();
    }
  };
}
