import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { thisInstance, whatAmI } from '../../src/aws/instance.ts';
import { instanceMetadata } from '../../src/aws/instance-metadata.ts';
import { nodeHost } from '../../src/io/node.ts';
import { startMetadata } from '../../src/lab/instance/metadata.ts';
import { type InstanceSettings, readInstance } from '../../src/lab/instance/settings.ts';
import { scratch } from '../support/cli.ts';
import { diagnosticOf } from './fixture.ts';

async function served(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function lab(change: Partial<InstanceSettings> = {}) {
  const settings = { ...(await readInstance(await scratch())), ...change };
  const { clock, random } = nodeHost();
  let time = clock.now();
  const moving = { ...clock, now: () => time };
  const metadata = await startMetadata({ instance: async () => settings, clock: moving, random });
  onTestFinished(() => metadata.close());
  return {
    url: metadata.url,
    settings,
    pass(ms: number) {
      time += ms;
    },
  };
}

const noTags = async () => {
  throw new Error('EC2 was asked');
};
const tagged = {
  tags: {
    'elasticbeanstalk:environment-name': 'shop',
    'elasticbeanstalk:environment-id': 'e-1',
    Name: 'a b',
  },
};

test('what this instance is, with its tags from the metadata', async () => {
  const { url } = await lab(tagged);
  const instance = thisInstance(instanceMetadata({ endpoint: url }), noTags);
  expect(await whatAmI(instance)).toMatchObject({
    instanceId: 'i-0c0ffee0c0ffee000',
    region: 'eu-west-1',
    environmentName: 'shop',
    environmentId: 'e-1',
  });
  expect(await instance.tags()).toEqual(tagged.tags);
});

test('tags that the metadata has not are asked of EC2', async () => {
  const { url } = await lab({ metadataTags: false });
  const asked: string[] = [];
  const instance = thisInstance(instanceMetadata({ endpoint: url }), async ({ instanceId }) => {
    asked.push(instanceId);
    return { Name: 'from EC2' };
  });
  expect(await instance.tags()).toEqual({ Name: 'from EC2' });
  expect(asked).toEqual(['i-0c0ffee0c0ffee000']);
  expect((await diagnosticOf(instance.environment())).code).toBe('no-environment');
});

test('a token that has ended is renewed', async () => {
  const { url, pass } = await lab();
  const metadata = instanceMetadata({ endpoint: url });
  await metadata.get('meta-data/instance-id');
  pass(3600_000);
  expect(await metadata.get('meta-data/instance-id')).toBe('i-0c0ffee0c0ffee000');
});

test('metadata that is turned off, and nobody there', async () => {
  const { url } = await lab({ metadata: false });
  const off = await diagnosticOf(instanceMetadata({ endpoint: url }).get('x'));
  expect(off).toMatchObject({ code: 'instance-metadata-off' });
  const closed = createServer();
  await new Promise<void>(listening => closed.listen(0, '127.0.0.1', listening));
  const { port } = closed.address() as AddressInfo;
  await new Promise(done => closed.close(done));
  const nobody = await diagnosticOf(instanceMetadata({ endpoint: `http://127.0.0.1:${port}` }).get('x'));
  expect(nobody).toMatchObject({ code: 'not-on-ec2', hint: expect.stringContaining('--lab') });
});

test('a token that never comes is the hop limit', async () => {
  const url = await served(() => {});
  const metadata = instanceMetadata({ endpoint: url, patience: 50 });
  expect((await diagnosticOf(metadata.get('x'))).code).toBe('metadata-hop-limit');
});

test('a redirect is not followed, and the token goes nowhere else', async () => {
  const seen: string[] = [];
  const elsewhere = await served((request, response) => {
    seen.push(request.url ?? '');
    response.end('stolen');
  });
  const url = await served((request, response) => {
    if (request.method === 'PUT') return response.end('token');
    response.writeHead(302, { location: `${elsewhere}/x` }).end();
  });
  expect((await diagnosticOf(instanceMetadata({ endpoint: url }).get('x'))).code).toBe('instance-metadata');
  expect(seen).toEqual([]);
});

test('the first version of the service is never used', async () => {
  const methods: string[] = [];
  const url = await served((request, response) => {
    methods.push(request.method ?? '');
    response.writeHead(request.method === 'PUT' ? 404 : 200).end('i-0');
  });
  expect((await diagnosticOf(instanceMetadata({ endpoint: url }).get('x'))).code).toBe('not-on-ec2');
  expect(methods).toEqual(['PUT']);
});

test.each(['https://169.254.169.254', 'http://u:p@host', 'file:///etc', 'nonsense'])(
  '%s is not an address for it',
  endpoint => {
    expect(() => instanceMetadata({ endpoint })).toThrow('AWS_EC2_METADATA_SERVICE_ENDPOINT');
  },
);

test('what another cloud answers is not an instance', async () => {
  const url = await served((request, response) => {
    response.end(request.method === 'PUT' ? 'token' : '{"instanceId":"vm-7"}');
  });
  const instance = thisInstance(instanceMetadata({ endpoint: url }), noTags);
  expect((await diagnosticOf(instance.identity())).code).toBe('not-on-ec2');
});
