import type { RecoveryConnection } from './connection.ts';

/**
 * What an instance shows on its screen. Undefined where EC2 can't take a picture: of some types it never can,
 * and of an instance that isn't running. Source: EC2 API reference, GetConsoleScreenshot.
 */
export async function takePicture(
  { ec2, onEc2 }: RecoveryConnection,
  instance: string,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const command = new ec2.GetConsoleScreenshotCommand({ InstanceId: instance });
  const answer = await onEc2(
    'GetConsoleScreenshot',
    instance,
    (client, options) => client.send(command, options),
    { signal, expected: /^(UnsupportedOperation|IncorrectInstanceState|InvalidInstanceType)$/ },
  );
  return answer?.ImageData ? Buffer.from(answer.ImageData, 'base64') : undefined;
}
