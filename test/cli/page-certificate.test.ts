import { generateKeyPairSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import { servePages } from '../../src/app/operation/surface/open.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { scratch } from '../support/cli.ts';

/** A clock whose sleeper wakes when a test says so. */
class Nap implements Clock {
  now = Date.now;
  #wake = (): void => {};
  #asleep = (): void => {};

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#asleep();
    });
  }

  /** Until whoever sleeps has woken, and sleeps again. */
  over(): Promise<void> {
    return new Promise(resolve => {
      this.#asleep = resolve;
      this.#wake();
    });
  }
}

test('a renewed certificate is taken up; a broken one is told once, and the one before stays', async () => {
  const dir = await scratch();
  const clock = new Nap();
  const issued = async (name: string) => labCertificates(join(dir, name), clock, nodeHost().random);
  const [one, other] = [await issued('one'), await issued('other')];
  const put = async (cert: string, key: string) => {
    await writeFile(join(dir, 'cert.pem'), cert);
    await writeFile(join(dir, 'key.pem'), key);
  };
  await put(one.certPem, one.keyPem);

  const told: string[] = [];
  const host = { ...nodeHost(), clock, cwd: dir };
  const context = makeContext({ host, interrupt: new AbortController().signal }, () => ({
    diagnostics: found => void told.push(...found.map(({ severity, message }) => `${severity}: ${message}`)),
    notice() {},
    run: () => Promise.reject(new Error('nothing is run')),
  }));
  const served = await servePages(context, {
    ...{ paths: ['m.yaml'], lab: 'lab', lockTimeout: 0 },
    ...{ tlsCert: 'cert.pem', tlsKey: 'file:key.pem', name: ['localhost'] },
  });
  onTestFinished(() => served.close());
  const port = Number(new URL(served.origin).port);
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: [one.caPem, other.caPem],
      });
      socket.on('error', reject);
      socket.on('secureConnect', () => {
        resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase());
        socket.destroy();
      });
    });
  expect(await shown()).toBe(one.sha256);

  await put(other.certPem, other.keyPem);
  await clock.over();
  expect(await shown()).toBe(other.sha256);
  expect(told).toEqual([]);

  // Between a certificate and its key: nothing is wrong yet.
  await put(one.certPem, other.keyPem);
  await clock.over();
  expect(told).toEqual([]);
  await put(one.certPem, one.keyPem);
  await clock.over();
  expect(await shown()).toBe(one.sha256);

  const stays = 'the page goes on with the certificate that it has';
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const foreign = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  const torn = other.certPem.slice(0, 200);
  for (const [broken, why] of [
    [() => put(other.certPem, foreign), 'file:key.pem is not the key of --tls-cert cert.pem'],
    [() => put(torn, other.keyPem), 'cert.pem holds no certificate'],
    [() => put(`${other.certPem}${torn}`, other.keyPem), "cert.pem can't be used: "],
    [() => rm(join(dir, 'cert.pem')), 'cert.pem: there is no such file'],
  ] as const) {
    told.length = 0;
    await broken();
    for (let looks = 0; looks < 4; looks++) await clock.over();
    expect(told).toEqual([expect.stringMatching(/^warning: /)]);
    expect(told[0]).toContain(why);
    expect(told[0]).toContain(stays);
    expect(await shown()).toBe(one.sha256);
  }
  told.length = 0;
  await put(other.certPem, other.keyPem);
  await clock.over();
  expect(await shown()).toBe(other.sha256);
  expect(told).toEqual([]);
});
