import { toFailure } from './errors.ts';
import { type AwsSettings, awsClient } from './settings.ts';
import { withRetries } from './with-retries.ts';

/** Milliseconds without traffic. */
const silence = 10_000;

/**
 * What `${aws:userid}` stands for in policies: for an instance's role `ROLE-ID:INSTANCE-ID`. It is asked for,
 * since the metadata know the id of the instance profile and not that of the role. Rejects with a Failure.
 */
export const callerUserId = async (settings: AwsSettings): Promise<string> =>
  (await caller(settings, 'this instance')).UserId ?? '';

/** Twelve digits: whose limits these credentials use up. Rejects with a Failure. */
export const callerAccount = async (settings: AwsSettings): Promise<string> =>
  (await caller(settings, 'the credentials')).Account ?? '';

/** ARN of the user or role that these credentials are of. Rejects with a Failure. */
export const callerArn = async (settings: AwsSettings): Promise<string> =>
  (await caller(settings, 'the credentials')).Arn ?? '';

/** Needs no permission. Source: GetCallerIdentity, AWS STS API reference. */
async function caller(settings: AwsSettings, thing: string) {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = awsClient(STSClient, settings, silence);
  try {
    return await withRetries(() => client.send(new GetCallerIdentityCommand({})), settings);
  } catch (error) {
    const { region } = settings;
    throw toFailure(error, { service: 'STS', action: 'sts:GetCallerIdentity', thing, region });
  } finally {
    client.destroy();
  }
}
