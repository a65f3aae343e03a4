import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { unsuitable } from '../../src/operation/queue/unsuitable.ts';
import type { Line, WakeUp } from '../../src/operation/queue/wake-up.ts';
import { queueAddress } from '../../src/queue/address.ts';
import { bullQueue } from '../../src/queue/bull-queue.ts';
import { freePort } from '../support/free-port.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';
import { describeWith, folder, run } from './s3-programs.ts';

const password = 'correct horse';
const usual: Line = { domain: 'home', lane: 'usual' };
const wake: WakeUp = { wake: 1, vm: 'protected_vm:a', declared: 'a'.repeat(64), version: '1', by: 'me' };

describeWith('the queue on a real Redis', 'redis-server', ['--version'], () => {
  const dir = folder();
  let server: ChildProcess;
  let ports: { plain: number; tls: number };
  let caPem: string;

  const redisCli = (...args: string[]) =>
    run('redis-cli', ['-p', String(ports.plain), ...args], { REDISCLI_AUTH: password });
  const serve = async () => {
    server = start(
      'redis-server',
      [
        ...['--bind', '127.0.0.1', '--port', String(ports.plain), '--tls-port', String(ports.tls)],
        ...['--tls-cert-file', join(dir, 'cert.pem'), '--tls-key-file', join(dir, 'key.pem')],
        ...['--tls-auth-clients', 'no', '--requirepass', password, '--appendonly', 'yes', '--dir', dir],
      ],
      { env: { PATH: process.env.PATH, ...runMark }, stdio: 'ignore' },
    );
    await vi.waitFor(() => redisCli('ping'), { timeout: 30_000, interval: 100 });
  };
  /** A mover at the queue; `over` what it is otherwise. */
  const mover = (name: string, url: string, over: { password?: string | undefined; ca?: string } = {}) =>
    bullQueue({ ...queueAddress(url), password, ca: undefined, mover: name, ...over });
  const plain = () => `redis://127.0.0.1:${ports.plain}`;

  beforeAll(async () => {
    mkdirSync(dir, { recursive: true });
    const { clock, random } = nodeHost();
    const made = await labCertificates(dir, clock, random);
    caPem = made.caPem;
    writeFileSync(join(dir, 'cert.pem'), made.certPem);
    writeFileSync(join(dir, 'key.pem'), made.keyPem);
    ports = { plain: await freePort(), tls: await freePort() };
    await serve();
  });
  afterAll(() => endAll(server));

  test('a wake-up waits once, goes to the earliest deadline first within the limit, and is answered', async () => {
    const [agent, one, other] = [mover('agent', plain()), mover('one', plain()), mover('other', plain())];
    const first = await agent.add(usual, wake, 'a', 9);
    expect(await agent.add(usual, wake, 'a', 9)).toBe(first);
    await agent.add(usual, { ...wake, vm: 'protected_vm:b' }, 'b', 2);
    await agent.setLimit(usual, 1);
    expect(await other.limit(usual)).toBe(1);
    const taken = await one.take(usual);
    expect(taken?.data).toMatchObject({ vm: 'protected_vm:b' });
    expect(await other.take(usual)).toBeUndefined();
    await taken!.keep();
    await taken!.answer({ result: 'made' });
    expect(await agent.answered(usual)).toMatchObject([{ data: { result: 'made' } }]);
    const last = await other.take(usual);
    // While it is at work nobody needs to be woken for it.
    expect(await agent.add(usual, wake, 'a', 9)).toBe(first);
    await last!.answer({ result: 'busy' });
    expect(await agent.has(usual, first)).toBe(true);
    expect(await one.take(usual)).toBeUndefined();
    for (const queue of [agent, one, other]) await queue.close();
  });

  test('the password, a user of its own with what the page names, and TLS with a named authority', async () => {
    const code = (queue: ReturnType<typeof mover>) =>
      queue.server().then(
        found => found.eviction,
        (error: { diagnostics: { code: string }[] }) => error.diagnostics[0]!.code,
      );
    const rights =
      '~converge:* resetchannels -@all +@read +@write +@connection +@transaction +eval +evalsha +script|load +info +config|get';
    await redisCli('acl', 'setuser', 'converge', 'on', '>its own', ...rights.split(' '));
    // Each lacks one thing of that.
    const others = {
      nokeys: rights.replace('~converge:*', '~other:*'),
      readonly: rights.replace('+@write ', ''),
      noscript: rights.replace('+eval ', ''),
      noinfo: rights.replace('+info ', ''),
    };
    for (const [name, less] of Object.entries(others))
      await redisCli('acl', 'setuser', name, 'on', '>its own', ...less.split(' '));
    const user = { password: 'its own' };
    const console_ = vi.spyOn(console, 'warn');
    const tls = `127.0.0.1:${ports.tls}`;
    const tried = {
      right: mover('m', plain()),
      wrong: mover('m', plain(), { password: 'wrong' }),
      none: mover('m', plain(), { password: undefined }),
      user: mover('m', `redis://converge@127.0.0.1:${ports.plain}`, user),
      unknown: mover('m', `redis://nobody@127.0.0.1:${ports.plain}`, user),
      secure: mover('m', `rediss://converge@${tls}`, { ...user, ca: caPem }),
      untrusted: mover('m', `rediss://${tls}`),
      ...Object.fromEntries(
        Object.keys(others).map(name => [name, mover('m', `redis://${name}@127.0.0.1:${ports.plain}`, user)]),
      ),
    };
    const found = Object.fromEntries(
      await Promise.all(Object.entries(tried).map(async ([name, queue]) => [name, await code(queue)])),
    );
    expect(found).toEqual({
      ...{ right: 'noeviction', wrong: 'queue-refused', none: 'queue-refused', user: 'noeviction' },
      ...{ unknown: 'queue-refused', secure: 'noeviction', untrusted: 'queue-refused' },
      ...Object.fromEntries(Object.keys(others).map(name => [name, 'queue-refused'])),
    });
    expect(console_).not.toHaveBeenCalled();
    // What that user may do is all that a mover does.
    const { secure } = tried;
    await secure.add({ domain: 'acl', lane: 'long' }, wake, 'a', 1);
    await secure.setLimit({ domain: 'acl', lane: 'long' }, 2);
    const taken = await secure.take({ domain: 'acl', lane: 'long' });
    await taken!.keep();
    await taken!.answer({ result: 'made' });
    expect(await secure.answered({ domain: 'acl', lane: 'long' })).toHaveLength(1);
    await secure.setLimit({ domain: 'acl', lane: 'long' }, undefined);
    for (const queue of Object.values(tried)) await queue.close();
  });

  test('what its server does with full memory and restarts is known; full, stopped and killed it is away, and it comes back', async () => {
    const queue = mover('m', plain());
    const server_ = () => queue.server();
    expect(await server_()).toEqual({ eviction: 'noeviction', persists: true, isFull: false });
    await redisCli('config', 'set', 'maxmemory-policy', 'allkeys-lru');
    expect(unsuitable(await server_()).refused?.diagnostics).toMatchObject([{ code: 'queue-evicts' }]);
    await redisCli('config', 'set', 'maxmemory-policy', 'noeviction');
    await redisCli('config', 'set', 'appendonly', 'no');
    await redisCli('config', 'set', 'save', '');
    expect(unsuitable(await server_()).warnings).toMatchObject([
      { code: 'queue-not-kept', severity: 'warning' },
    ]);
    await redisCli('config', 'set', 'appendonly', 'yes');
    const away = { diagnostics: [{ code: 'queue-away' }] };
    const add = () => queue.add({ domain: 'away', lane: 'usual' }, wake, 'a', 1);
    await redisCli('config', 'set', 'maxmemory', '1mb');
    await expect(add()).rejects.toMatchObject({
      diagnostics: [{ code: 'queue-away', message: expect.stringContaining('is full') }],
    });
    expect(await server_()).toMatchObject({ isFull: true });
    await redisCli('config', 'set', 'maxmemory', '0');
    process.kill(server.pid!, 'SIGSTOP');
    await expect(add()).rejects.toMatchObject(away);
    process.kill(server.pid!, 'SIGCONT');
    await vi.waitFor(add, { timeout: 20_000, interval: 100 });
    endAll(server);
    await vi.waitFor(() => expect(add()).rejects.toMatchObject(away), { timeout: 10_000, interval: 50 });
    await serve();
    const id = await vi.waitFor(add, { timeout: 20_000, interval: 100 });
    expect(await queue.has({ domain: 'away', lane: 'usual' }, id)).toBe(true);
    await queue.close();
  });
});
