import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { publish } from '../../src/aws/topics.ts';
import { nodeHost } from '../../src/io/node.ts';

const topic = 'arn:aws:sns:eu-central-1:123456789012:dr-alerts';

/** A stand-in for SNS: what it was sent, and what it answers. */
async function sns(status: number, answer: string) {
  const asked: { authorization: string; form: URLSearchParams }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const { authorization = '' } = request.headers;
    asked.push({ authorization, form: new URLSearchParams(body) });
    response.writeHead(status, { 'content-type': 'text/xml' }).end(answer);
  });
  await new Promise<void>(ready => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close().closeAllConnections());
  const { clock, random } = nodeHost();
  const settings = {
    ...{ clock, random, region: 'eu-west-1' },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  };
  return { asked, settings };
}

test('a message goes to its topic, in the region of the topic, with a subject that SNS takes', async () => {
  const { asked, settings } = await sns(
    200,
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
  );
  const text = 'RPO of café01 is breached\nit is due, and no cycle is at work';
  await publish(settings, topic, { subject: `RPO of café01 is breached\r\nBcc: x ${'x'.repeat(200)}`, text });
  const { authorization, form } = asked[0]!;
  expect(authorization).toContain('/eu-central-1/sns/aws4_request');
  expect(Object.fromEntries(form)).toMatchObject({ Action: 'Publish', TopicArn: topic, Message: text });
  expect(form.get('Subject')).toMatch(/^RPO of caf\?01 is breached\?\?Bcc: x x{64,}$/);
  expect(form.get('Subject')).toHaveLength(100);
});

test('a topic that may not be published to is told with the permission, and not asked again', async () => {
  const { asked, settings } = await sns(
    403,
    '<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>User is not authorized to perform: SNS:Publish</Message></Error></ErrorResponse>',
  );
  const refused = publish(settings, topic, { subject: 'a', text: 'b' });
  await expect(refused).rejects.toMatchObject({
    diagnostics: [{ code: 'aws-access-denied', message: expect.stringContaining('sns:Publish') }],
  });
  expect(asked).toHaveLength(1);
});
