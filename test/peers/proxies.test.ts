import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectS3, type S3Connection } from '../../src/aws/s3-client.ts';
import { openHttp } from '../../src/content/http.ts';
import { nodeHost } from '../../src/io/node.ts';
import { startS3 } from '../../src/lab/s3/server.ts';
import { startVsphere, type VsphereLab } from '../../src/lab/vsphere/server.ts';
import { networkOf } from '../../src/network/network.ts';
import { connectVsphere } from '../../src/vsphere/client/connect.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { credentials, region } from '../lab/s3/fixture.ts';
import { freePort } from '../support/free-port.ts';
import { readFrom } from '../support/read-from.ts';
import { endAll, start } from '../support/start.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { quickClock } from '../vsphere/scripted-server.ts';
import { folder } from './s3-programs.ts';

// Squid is in front of names that only it knows, so that whatever gets there went by it.
const present = spawnSync('squid', ['-v']).status === 0;
if (!present) console.warn('SKIPPED: proxies: no squid in PATH (.ci/peers.d/proxies.sh)');

const MIB = 1 << 20;
const host = nodeHost();
const password = 'p@ss:w/rd';
const named = (name: string) => `${name}.converge.test`;

let dir: string;
let squid: ChildProcess;
let port: number;
let s3: Awaited<ReturnType<typeof startS3>>;
let vsphere: VsphereLab;
/** Ports of the store with TLS, and of the downloads with TLS. */
let store: number;
let web: number;
const content = randomBytes(3 * MIB);
const closing: (() => unknown)[] = [];
/** Called with each piece that is on its way to the store. */
let onPiece: (socket: Socket) => void = () => {};

const auth = `svc:${encodeURIComponent(password)}`;
const env = (more: Record<string, string> = {}) => ({
  HTTP_PROXY: `http://${auth}@127.0.0.1:${port}`,
  https_proxy: `${auth}@127.0.0.1:${port}`,
  NO_PROXY: 'metadata.converge.test',
  AWS_CA_BUNDLE: join(dir, 'ca.pem'),
  ...more,
});
const network = (more: Record<string, string> = {}) => networkOf({ ...host, env: env(more) });

/** A certificate for every name here, of an authority that only the test knows. */
async function certificates(): Promise<{ key: string; cert: string; ca: string }> {
  await writeFile(join(dir, 'ext'), 'subjectAltName=DNS:*.converge.test\n');
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  };
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...made,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Company',
    '-days',
    '9',
  );
  openssl('req', ...made, '-keyout', 'key.pem', '-out', 'csr.pem', '-subj', '/CN=converge.test');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '9', '-extfile', 'ext'];
  openssl('x509', '-req', '-in', 'csr.pem', ...signed, '-out', 'cert.pem');
  const [key, cert, ca] = await Promise.all(
    ['key.pem', 'cert.pem', 'ca.pem'].map(name => readFile(join(dir, name), 'utf8')),
  );
  return { key: key!, cert: cert!, ca: ca! };
}

const listening = async (server: { listen(port: number, host: string): unknown; address(): unknown }) => {
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Squid once it takes connections. */
async function startSquid(): Promise<void> {
  squid = start('squid', ['-N', '-f', join(dir, 'squid.conf')], { stdio: 'ignore' });
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isUp = await new Promise<boolean>(done =>
      socket.once('connect', () => done(true)).once('error', () => done(false)),
    );
    socket.destroy();
    if (isUp) return;
    if (squid.exitCode !== null) throw new Error(`squid ended with ${squid.exitCode}`);
  }
}

async function endSquid(): Promise<void> {
  const ended = squid.exitCode === null && squid.signalCode === null ? once(squid, 'exit') : undefined;
  endAll(squid);
  await ended;
}

/** Whether squid has noted all of these, `METHOD URL STATUS`: of a tunnel it does so when that ends. */
const asked = (...lines: string[]) =>
  vi.waitFor(async () =>
    expect((await readFile(join(dir, 'access.log'), 'utf8')).split('\n')).toEqual(
      expect.arrayContaining(lines),
    ),
  );

async function connected(secure: boolean, more: Record<string, string> = {}): Promise<S3Connection> {
  const connection = await connectS3({
    ...{ region, credentials, clock: host.clock, random: host.random, network: network(more) },
    endpoint: secure
      ? `https://${named('store')}:${store}`
      : `http://${named('store')}:${new URL(s3.url).port}`,
  });
  onTestFinished(() => connection.close());
  return connection;
}

const put = ({ call, client, sdk }: S3Connection, Key: string, Body: Buffer) =>
  call(
    { action: 's3:PutObject', bucket: 'dr', key: Key },
    options => client.send(new sdk.PutObjectCommand({ Bucket: 'dr', Key, Body }), options),
    { patience: 'bulk' },
  );

/** The bytes, which the wire lands in a buffer of the caller. */
async function got({ call, client, sdk }: S3Connection, Key: string, length: number): Promise<Buffer> {
  const landing = { buffer: Buffer.alloc(length), length: 0 };
  await call({ action: 's3:GetObject', bucket: 'dr', key: Key }, options =>
    client.send(new sdk.GetObjectCommand({ Bucket: 'dr', Key }), { ...options, landing } as typeof options),
  );
  return landing.buffer.subarray(0, landing.length);
}

describe.skipIf(!present)('through squid', () => {
  beforeAll(async () => {
    dir = folder();
    const { key, cert } = await certificates();
    await writeFile(
      join(dir, 'hosts'),
      ['store', 'vcenter', 'web', 'forbidden', 'gone'].map(name => `127.0.0.1 ${named(name)}\n`).join(''),
    );
    const hashed = spawnSync('openssl', ['passwd', '-apr1', '-stdin'], { input: password, encoding: 'utf8' });
    await writeFile(join(dir, 'passwords'), `svc:${hashed.stdout}`);
    port = await freePort();
    await writeFile(
      join(dir, 'squid.conf'),
      `http_port 127.0.0.1:${port}
hosts_file ${dir}/hosts
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${dir}/passwords
acl known proxy_auth REQUIRED
acl forbidden dstdomain ${named('forbidden')}
acl CONNECT method CONNECT
http_access deny forbidden
http_access allow known
http_access deny all
cache deny all
pinger_enable off
logformat short %rm %ru %>Hs
access_log stdio:${dir}/access.log short
cache_log ${dir}/cache.log
pid_filename none
`,
    );
    // As root it goes on as another user, who writes its logs.
    await chmod(dir, 0o777);
    s3 = await startS3({
      ...{ dir: join(dir, 's3'), clock: host.clock, random: host.random, credentials, region },
    });
    closing.push(() => s3.close());
    await s3.put('dr', [{ key: 'there', bytes: content }]);
    const front = createTls({ key, cert }, socket => {
      const behind = connect(Number(new URL(s3.url).port), '127.0.0.1');
      socket.on('data', () => onPiece(socket));
      for (const [one, other] of [
        [socket, behind],
        [behind, socket],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
      socket.pipe(behind).pipe(socket);
    });
    store = await listening(front);
    const pages = createHttps({ key, cert }, (_, response) => response.end(content));
    web = await listening(pages);
    closing.push(
      () => front.close(),
      () => pages.close(),
      () => pages.closeAllConnections(),
    );
    vsphere = await startVsphere({
      dir: join(dir, 'vsphere'),
      credentials: { username: 'svc', password: 'pw' },
      tls: { key, cert },
      clock: new SteppedClock(),
      random: host.random,
    });
    closing.push(() => vsphere.close());
    await startSquid();
  });
  afterAll(async () => {
    if (squid) await endSquid();
    for (const close of closing.reverse()) await close();
  });

  it('S3: large bodies by our own wire and small ones by the SDK, over TLS and in plain text', async () => {
    for (const secure of [true, false]) {
      const connection = await connected(secure);
      await put(connection, 'large', content);
      await put(connection, 'small', Buffer.from('small'));
      expect((await got(connection, 'large', content.length)).equals(content)).toBe(true);
      expect((await got(connection, 'small', 5)).toString()).toBe('small');
      const missing = await diagnosticOf(got(connection, 'missing', 5));
      expect(missing.code).toBe('aws-error');
      connection.close();
      const url = `http://${named('store')}:${new URL(s3.url).port}/dr`;
      await (secure
        ? asked(`CONNECT ${named('store')}:${store} 200`)
        : asked(`PUT ${url}/large? 200`, `PUT ${url}/small? 200`, `GET ${url}/large? 200`));
    }
  });

  it('vSphere: login, the inventory and what a disk has', async () => {
    await vsphere.world.addVm({ name: 'dc02', disks: [{ bytes: MIB }] });
    const bytes = randomBytes(100_000);
    await vsphere.world.write('dc02', 0, 4096, bytes);
    const at = { username: 'svc', password: async () => 'pw', clock: quickClock(), network: network() };
    const client = await connectVsphere({
      url: `https://${named('vcenter')}:${new URL(vsphere.url).port}`,
      ...at,
    });
    const vm = await client.machine('dc02');
    const snapshot = await vm.createSnapshot({ name: 'mine', description: '', quiesce: false });
    const [disk] = (await vm.frozen(snapshot)).disks;
    const source = await vm.open(snapshot, disk!);
    expect((await readFrom(source, 4096, bytes.length)).equals(bytes)).toBe(true);
    await source.close();
    await client.close();
    await asked(`CONNECT ${named('vcenter')}:${new URL(vsphere.url).port} 200`);
  });

  it('downloads, over TLS and in plain text', async () => {
    const { signal } = new AbortController();
    for (const url of [
      `https://${named('web')}:${web}/a?b=c`,
      `http://${named('store')}:${new URL(s3.url).port}/x`,
    ]) {
      const open = openHttp({ network: network() });
      const opened = await open({ url }, { signal }).catch((error: unknown) => error);
      if (url.startsWith('https')) {
        const parts: Buffer[] = [];
        for await (const part of (opened as { body: AsyncIterable<Buffer> }).body) parts.push(part);
        expect(Buffer.concat(parts).equals(content)).toBe(true);
      } else {
        // The store knows no one without a signature: its own answer came through.
        expect(String(opened)).toContain('403');
      }
    }
    await asked(
      `CONNECT ${named('web')}:${web} 200`,
      `GET http://${named('store')}:${new URL(s3.url).port}/x 403`,
    );
  });

  it('a proxy that asks for a password, refuses one, or lets nobody through, is told as that', async () => {
    const { signal } = new AbortController();
    const bare = `http://127.0.0.1:${port}`;
    const wrong = `http://svc:wr0ng-one@127.0.0.1:${port}`;
    const cases: [Record<string, string>, string, string, string][] = [
      [{ https_proxy: bare, HTTP_PROXY: bare }, 'store', 'proxy-authentication', 'has none (407)'],
      [{ https_proxy: wrong, HTTP_PROXY: wrong }, 'store', 'proxy-authentication', 'refuses the user'],
      [{}, 'forbidden', 'proxy-refused', `${named('forbidden')}:${store}`],
      [{}, 'nowhere', 'proxy-upstream', `${named('nowhere')}:${store}`],
    ];
    for (const [more, name, code, message] of cases) {
      const url = `https://${named(name)}:${store}`;
      const failures = [
        diagnosticOf(openHttp({ network: network(more) })({ url: `${url}/x` }, { signal })),
        diagnosticOf(
          connectVsphere({
            ...{ url, username: 'svc', password: async () => 'pw', clock: quickClock() },
            network: network(more),
          }),
        ),
        diagnosticOf(
          (async () => {
            const at = { region, credentials, clock: quickClock(), random: host.random };
            const connection = await connectS3({ ...at, endpoint: url, network: network(more) });
            await put(connection, 'k', content).finally(() => connection.close());
          })(),
        ),
      ];
      for (const failure of await Promise.all(failures)) {
        expect(failure).toMatchObject({ code });
        expect(failure.message).toContain(message);
        expect(failure.message).toContain(`127.0.0.1:${port}`);
        expect(JSON.stringify(failure)).not.toMatch(/p@ss|p%40ss|wr0ng|Basic [A-Za-z0-9+/]{8}/);
      }
    }
    // In plain text, where the proxy answers in the place of the server.
    const plain = `http://${named('store')}:${new URL(s3.url).port}/x`;
    const refused = await diagnosticOf(
      openHttp({ network: network({ HTTP_PROXY: wrong }) })({ url: plain }, { signal }),
    );
    expect(refused.code).toBe('proxy-authentication');
    for (const size of [content, Buffer.from('small')])
      expect(await diagnosticOf(put(await connected(false, { HTTP_PROXY: bare }), 'k', size))).toMatchObject({
        code: 'proxy-authentication',
      });
  });

  it('one cause is told of a wrong authority, and of a file that holds none', async () => {
    const [secure, unknown] = [await connected(true, { AWS_CA_BUNDLE: '' }), join(dir, 'none.pem')];
    const distrusted = await diagnosticOf(put(secure, 'k', content));
    expect(distrusted).toMatchObject({ code: 'aws-unreachable' });
    expect(distrusted.hint).toContain('AWS_CA_BUNDLE');
    const missing = await diagnosticOf(put(await connected(true, { AWS_CA_BUNDLE: unknown }), 'k', content));
    expect(missing).toMatchObject({ code: 'ca-file' });
    expect(missing.message).toContain(unknown);
    await writeFile(unknown, 'nothing\n');
    const empty = await diagnosticOf(put(await connected(true, { SSL_CERT_FILE: unknown }), 'k', content));
    expect(empty.message).toContain('SSL_CERT_FILE names, holds no certificate in PEM');
  });

  it('one that dies in the middle of an upload is waited for, and one that stays away is named', async () => {
    const connection = await connected(true);
    let pieces = 0;
    const again = new Promise<void>((done, fail) => {
      onPiece = () => {
        if (++pieces === 4) endSquid().then(startSquid).then(done, fail);
      };
    });
    await put(connection, 'interrupted', content);
    await again;
    onPiece = () => {};
    expect((await got(connection, 'interrupted', content.length)).equals(content)).toBe(true);
    await endSquid();
    const { signal } = new AbortController();
    const at = { region, credentials, clock: quickClock(), random: host.random, network: network() };
    const gone = await connectS3({ ...at, endpoint: `https://${named('store')}:${store}` });
    onTestFinished(() => gone.close());
    for (const away of [
      diagnosticOf(put(gone, 'k', content)),
      diagnosticOf(put(gone, 'k', Buffer.from('small'))),
      diagnosticOf(openHttp({ network: network() })({ url: `http://${named('store')}/x` }, { signal })),
      diagnosticOf(openHttp({ network: network() })({ url: `https://${named('web')}/x` }, { signal })),
      diagnosticOf(
        connectVsphere({
          ...{ username: 'svc', password: async () => 'pw', clock: quickClock(), network: network() },
          url: `https://${named('vcenter')}`,
        }),
      ),
    ])
      expect(await away).toMatchObject({
        code: 'proxy-unreachable',
        message: expect.stringContaining(`127.0.0.1:${port}`),
        hint: expect.stringMatching(/HTTP_PROXY|https_proxy/),
      });
  });
});
