import { expect, onTestFinished, test } from 'vitest';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { nodeHost } from '../../src/io/node.ts';
import { networkOf } from '../../src/network/network.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { credentials, openBucket, realRandom, region } from '../lab/s3/fixture.ts';
import { forwardingProxy } from '../support/forwarding-proxy.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const fresh = { ifNoneMatch: '*' } as const;

/** A store in plain text that is reached by a proxy, which once answers in its place, after it has. */
async function behind(instead: Awaited<ReturnType<typeof forwardingProxy>>['instead']) {
  const { lab } = await openBucket();
  const proxy = await forwardingProxy(lab.url);
  let isDone = false;
  proxy.instead = (incoming, outgoing) => {
    if (isDone) return false;
    isDone = instead(incoming, outgoing);
    return isDone;
  };
  const connection = await connectS3({
    ...{ region, credentials, clock: lab.clock, random: realRandom },
    endpoint: 'http://store.converge.test:9000',
    network: networkOf({ ...nodeHost(), env: { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` } }),
  });
  onTestFinished(() => connection.close());
  return { lab, proxy, store: s3Store(connection, s3Url('bkt')) };
}

/** By the SDK, and by the wire of our own. */
const sizes = { small: 10, large: 2 ** 20 };
const each = Object.keys(sizes) as (keyof typeof sizes)[];

const marked = (status: number, error: string) =>
  behind(({ method }, outgoing) => {
    if (method !== 'PUT') return false;
    outgoing.writeHead(status, { 'x-squid-error': error }).end();
    return true;
  });

const afterwards = [
  ['ERR_READ_TIMEOUT 110', 504],
  ['ERR_ZERO_SIZE_OBJECT 0', 502],
  ['ERR_SHUTTING_DOWN 0', 503],
] as const;

test.each(afterwards.flatMap(([error, status]) => each.map(size => [size, error, status] as const)))(
  'a %s PUT that Squid answers with %s may have been done: it is found out, and no refusal',
  async (size, error, status) => {
    const { store, proxy } = await marked(status, error);
    const bytes = new SeededRandom('body').bytes(sizes[size]);
    const put = await store.put('k', bytes, { when: fresh });
    expect(put).toEqual({ ok: true, etag: (await store.head('k'))!.etag });
    expect(proxy.asked.filter(line => line.startsWith('PUT'))).toHaveLength(2);
  },
);

const before = ['ERR_CONNECT_FAIL 111', 'ERR_DNS_FAIL 0', 'ERR_CANNOT_FORWARD 0'];

test.each(before.flatMap(error => each.map(size => [size, error] as const)))(
  'a %s PUT that Squid answers with %s was not sent: what the next one is answered counts',
  async (size, error) => {
    const { lab, store } = await marked(503, error);
    await lab.put('bkt', [{ key: 'k', bytes: Buffer.from('theirs') }]);
    const bytes = new SeededRandom('body').bytes(sizes[size]);
    expect(await store.put('k', bytes, { when: fresh })).toEqual({ ok: false, reason: 'precondition' });
  },
);

test('an answer that is none of HTTP: what was asked for is asked for again, and a PUT may have been done', async () => {
  const garbage = (method: string) =>
    behind((incoming, outgoing) => {
      if (incoming.method !== method) return false;
      outgoing.socket!.write('220 smtp.example.com ESMTP\r\n\r\n');
      return true;
    });
  const bytes = new SeededRandom('body').bytes(sizes.large);
  const reads = await garbage('GET');
  await reads.lab.put('bkt', [{ key: 'k', bytes }]);
  const into = Buffer.alloc(bytes.length);
  const range = { start: 0, end: bytes.length };
  expect((await reads.store.get('k', { range, into }))?.bytes.equals(bytes)).toBe(true);
  const writes = await garbage('PUT');
  expect(await writes.store.put('k', bytes, { when: fresh })).toMatchObject({ ok: true });
});
