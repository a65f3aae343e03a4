import { toFailure } from './errors.ts';
import { type AwsSettings, clientConfig } from './settings.ts';
import { withRetries } from './with-retries.ts';

/** Milliseconds without traffic. */
const silence = 10_000;

/**
 * What `${aws:userid}` stands for in policies: for an instance's role `ROLE-ID:INSTANCE-ID`. It is asked for,
 * since the metadata know the id of the instance profile and not that of the role. Needs no permission.
 * Source: GetCallerIdentity, AWS STS API reference. Rejects with a Failure.
 */
export async function callerUserId(settings: AwsSettings): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(clientConfig(settings, silence));
  try {
    const answer = await withRetries(() => client.send(new GetCallerIdentityCommand({})), settings);
    return answer.UserId ?? '';
  } catch (error) {
    const { region } = settings;
    throw toFailure(error, {
      service: 'STS',
      action: 'sts:GetCallerIdentity',
      thing: 'this instance',
      region,
    });
  } finally {
    client.destroy();
  }
}
