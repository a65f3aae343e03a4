import { codeOf, toFailure } from '../errors.ts';
import { awsClient } from '../settings.ts';
import { withRetries } from '../with-retries.ts';
import type { RecoveryConnection } from './connection.ts';

/**
 * What each region says is its newest image of Amazon Linux 2023, with the kernel that it comes with. Source:
 * Amazon Linux 2023 user guide, "AL2023 on Amazon EC2", public parameters. What images are called may change.
 */
const PARAMETER = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

/** Milliseconds without traffic. */
const silence = 30_000;

/**
 * Id of that image; undefined in a region that says none. The SDK is loaded when it is first needed.
 *
 * @throws Failure that names `ssm:GetParameter` and the parameter
 */
export async function newestLinux(
  { settings }: Pick<RecoveryConnection, 'settings'>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { SSMClient, GetParameterCommand } = await import('@aws-sdk/client-ssm');
  const client = awsClient(SSMClient, settings, silence);
  try {
    const command = new GetParameterCommand({ Name: PARAMETER });
    const answer = await withRetries(
      stop => client.send(command, stop ? { abortSignal: stop } : {}),
      settings,
      { signal, patience: 'polite' },
    );
    return answer.Parameter?.Value;
  } catch (error) {
    signal?.throwIfAborted();
    if (codeOf(error) === 'ParameterNotFound') return undefined;
    const { region, endpoint } = settings;
    throw toFailure(error, {
      service: 'SSM',
      action: 'ssm:GetParameter',
      thing: PARAMETER,
      region,
      ...(endpoint !== undefined && { endpoint }),
    });
  } finally {
    client.destroy();
  }
}
