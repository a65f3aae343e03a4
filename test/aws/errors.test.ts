import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { worldAws } from '../../src/app/aws/aws-access.ts';
import { bucketApi } from '../../src/aws/buckets.ts';
import { toFailure } from '../../src/aws/errors.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { nodeHost } from '../../src/io/node.ts';
import { networkOf } from '../../src/network/network.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { credentials, InstantClock } from '../lab/s3/fixture.ts';
import { scriptedServer } from '../vsphere/scripted-server.ts';
import { connected, diagnosticOf } from './fixture.ts';
import { allOf } from './object-store-contract.ts';

async function list(settings: Parameters<typeof connected>[0], bucket = 'bkt') {
  const { connection } = await connected(settings, { bucket: 'bkt' });
  return diagnosticOf(allOf(s3Store(connection, s3Url(bucket)).list('')));
}

/** A server that answers everything with one answer. */
async function answering(status: number, headers: Record<string, string>, body = ''): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what the user is told', () => {
  it('of an endpoint that is not there', async () => {
    const diagnostic = await list({ endpoint: 'http://127.0.0.1:1' });
    expect(diagnostic).toMatchObject({ code: 'aws-unreachable', category: 'world' });
    expect(diagnostic.message).toContain('http://127.0.0.1:1');
    expect(diagnostic.message).toContain('ECONNREFUSED');
  });

  it('of wrong keys, without the keys', async () => {
    const key = await list({ credentials: { ...credentials, accessKeyId: 'WRONGKEY' } });
    const secret = await list({ credentials: { ...credentials, secretAccessKey: 'wrong-secret' } });
    expect([key.code, secret.code]).toEqual(['aws-wrong-credentials', 'aws-wrong-credentials']);
    expect(key.message).toContain('access key id');
    expect(secret.message).toContain('secret access key');
    expect(JSON.stringify([key, secret])).not.toMatch(/WRONGKEY|wrong-secret/);
  });

  it('of a clock that is off, where the code is that of a wrong key', () => {
    const skewed = Object.assign(new Error('Signature expired: 20261128T100000Z is now earlier than ...'), {
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
    });
    const failure = toFailure(skewed, { action: 'ec2:DescribeInstances', region: 'eu-west-1' });
    expect(failure.diagnostics.map(({ code }) => code)).toEqual(['aws-clock-skew']);
  });

  it.each([
    ['<StorageClass>GLACIER</StorageClass>', ' (GLACIER)'],
    ['<AccessTier>ARCHIVE_ACCESS</AccessTier>', ''],
  ])('of an object in an archive, which no permission would help: %s', async (tier, shown) => {
    const xml = `<Error><Code>InvalidObjectState</Code><Message>no</Message>${tier}</Error>`;
    const endpoint = await answering(403, { 'content-type': 'application/xml' }, xml);
    const { connection } = await connected({ endpoint });
    const diagnostic = await diagnosticOf(s3Store(connection, s3Url('bkt', 'dr')).get('head'));
    expect(diagnostic).toMatchObject({ code: 'object-archived', category: 'world' });
    expect(diagnostic.message).toContain(`bucket bkt (dr/head) is in an archive${shown} and`);
    expect(diagnostic.hint).toContain('restore-object');
    expect(JSON.stringify(diagnostic)).not.toMatch(/IAM|permission/);
  });

  it('of a bucket that is not there, and of one in another region', async () => {
    expect(await list({}, 'missing')).toMatchObject({ code: 'bucket-not-found', category: 'world' });
    const moved = await list({ endpoint: await answering(301, { 'x-amz-bucket-region': 'eu-central-1' }) });
    expect(moved).toMatchObject({
      code: 'aws-wrong-region',
      hint: expect.stringContaining('region: eu-central-1'),
    });
    expect((await list({ region: 'us-west-2' })).hint).toContain('region: eu-west-1');
  });

  it('of what a policy forbids, with the action to allow', async () => {
    const xml = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>';
    const denied = await list({ endpoint: await answering(403, { 'content-type': 'application/xml' }, xml) });
    expect(denied).toMatchObject({
      code: 'aws-access-denied',
      category: 'world',
      hint: expect.stringContaining('s3:ListBucket'),
    });
  });

  it('of a proxy that answers with a page', async () => {
    const page = await list({
      endpoint: await answering(502, { 'content-type': 'text/html' }, '<html>Bad Gateway'),
    });
    expect(page.code).toBe('aws-unreachable');
  });

  it('of credentials that nobody gave', () => {
    const error = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    const [diagnostic] = toFailure(error, { action: 's3:ListBucket', region: 'eu-west-1' }).diagnostics;
    expect(diagnostic).toMatchObject({ code: 'aws-no-credentials', category: 'given' });
  });

  it('of a server that doesn’t speak TLS: it has no certificate to trust', async () => {
    const { code, hint } = await list({ endpoint: (await answering(200, {})).replace('http:', 'https:') });
    expect({ code, hint }).toEqual({
      code: 'aws-unreachable',
      hint: "What listens there doesn't speak TLS as it should: check the port, and whether it is https.",
    });
  });

  it('of a certificate that does not verify', () => {
    const error = Object.assign(new Error('self-signed certificate'), {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    const [diagnostic] = toFailure(error, { action: 's3:ListBucket', region: 'eu-west-1' }).diagnostics;
    expect(diagnostic?.hint).toContain('AWS_CA_BUNDLE');
  });
});

it('what a target trusts beside the usual authorities counts for it, and for no other', async () => {
  const server = await scriptedServer();
  const { caPem } = server.certificates;
  const host = { ...nodeHost(), env: {} };
  const aws = worldAws(host, networkOf(host), async () => 's');
  const told = async (more: Record<string, string>) => {
    const properties = { region: 'eu-west-1', endpoint: server.url, access_key_id: 'k', ...more };
    const target = { name: 'dr', type: 'aws', properties, at: undefined as never };
    const { endpoint = '', network } = await aws.s3(target, { made() {}, retried() {}, throttled() {} });
    return list({ endpoint, network: network! });
  };
  expect((await told({})).hint).toContain('`ca` of the aws target');
  // Trusted, and no store: it answers as a vSphere server does.
  expect((await told({ ca: caPem })).message).not.toContain('securely');
  expect(await told({ ca: '/not/there.pem' })).toMatchObject({
    code: 'ca-file',
    message: 'The file of authorities /not/there.pem, which `ca` of target dr names, is not there.',
  });
});

describe('what the user is told of a proxy that is to pass plain text on', () => {
  const by = (proxy: string) =>
    list({
      endpoint: 'http://store.converge.test:9000',
      network: networkOf({ ...nodeHost(), env: { http_proxy: proxy } }),
    });

  it('which is away', async () => {
    expect(await by('http://svc:sEcret@127.0.0.1:1')).toMatchObject({
      code: 'proxy-unreachable',
      message: "The proxy 127.0.0.1:1 (http_proxy) can't be reached: nothing listens there (ECONNREFUSED).",
    });
  });

  it('which passes on what somebody else refuses', async () => {
    const { code } = await by(await answering(403, { via: '1.1 here (squid/5.7)' }, 'no'));
    expect(code).toBe('aws-access-denied');
  });

  it('which says itself that it can not get there', async () => {
    const { code } = await by(await answering(503, { 'x-squid-error': 'ERR_CONNECT_FAIL 111' }));
    expect(code).toBe('proxy-upstream');
  });

  it('which may have passed it on, and has no answer', async () => {
    const proxy = await answering(504, { 'x-squid-error': 'ERR_READ_TIMEOUT 110' });
    const { code, message } = await by(proxy);
    expect(code).toBe('proxy-gave-up');
    expect(message).toContain('no answer of store.converge.test:9000');
  });

  it('which lets nobody through, and says so with a page', async () => {
    const proxy = await answering(403, { 'content-type': 'text/html' }, '<html>blocked');
    const { code, message } = await by(proxy);
    expect({ code, message }).toEqual({
      code: 'proxy-refused',
      message: `The proxy ${proxy.slice(7)} (http_proxy) lets nobody through to store.converge.test:9000: it answers 403.`,
    });
  });

  it('whose store refuses something: that is the store’s', async () => {
    const proxy = await answering(
      403,
      { 'x-amz-request-id': 'x' },
      '<Error><Code>AccessDenied</Code></Error>',
    );
    expect(await by(proxy)).toMatchObject({ code: 'aws-access-denied' });
  });

  it('which can’t reach the store', async () => {
    const proxy = await answering(502, { 'content-type': 'text/html' }, '<html>Bad Gateway');
    const { code, message, hint } = await by(proxy);
    expect(code).toBe('aws-unreachable');
    expect(message).toContain(`could not be reached by the proxy ${proxy.slice(7)} (http_proxy): `);
    expect(hint).toContain('NO_PROXY');
  });

  it('which doesn’t speak TLS', async () => {
    const proxy = (await answering(200, {})).replace('http:', 'https:');
    expect(await by(proxy)).toMatchObject({
      code: 'proxy-unreachable',
      message: expect.stringContaining('it does not speak TLS (EPROTO)'),
    });
  });
});

it('a clock that is off is corrected by the first answer', async () => {
  const { lab, connection, calls } = await connected({ clock: new InstantClock() });
  lab.clock.time += 3_600_000;
  expect(await bucketApi(connection).exists('bkt')).toBe(false);
  expect(await bucketApi(connection).exists('bkt')).toBe(false);
  expect(calls).toEqual(['made', 'made', 'retried', 'made']);
});
