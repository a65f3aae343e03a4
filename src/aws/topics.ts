import { toFailure } from './errors.ts';
import { type AwsSettings, awsClient } from './settings.ts';
import { withRetries } from './with-retries.ts';

/** Milliseconds without traffic. */
const silence = 15_000;
/** SNS API reference, Publish: characters of a subject, which has no line breaks either. */
const mostSubject = 100;

/** Publishes one message to a topic. Rejects with a Failure that names the permission. */
export async function publish(
  settings: AwsSettings,
  topic: string,
  { subject, text }: { subject: string; text: string },
): Promise<void> {
  const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns');
  const region = topic.split(':')[3]!;
  const client = awsClient(SNSClient, { ...settings, region }, silence);
  // Subjects are ASCII: the text says the same in full.
  const ascii = subject.replace(/[^ -~]/g, '?').slice(0, mostSubject);
  const input = { TopicArn: topic, Subject: ascii, Message: text };
  try {
    await withRetries(() => client.send(new PublishCommand(input)), settings);
  } catch (error) {
    throw toFailure(error, { service: 'SNS', action: 'sns:Publish', thing: topic, region });
  } finally {
    client.destroy();
  }
}
