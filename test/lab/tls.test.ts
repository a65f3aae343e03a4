import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labCertificates } from '../../src/lab/tls.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { inFolder } from './disks/folder.ts';

const DAY = 86_400_000;

test('the server certificate is the CA’s, for the names of this machine, and its digest is what a client pins', () =>
  inFolder(async dir => {
    const made = await labCertificates(dir, new SteppedClock(), new SeededRandom());
    const [ca, server] = [new X509Certificate(made.caPem), new X509Certificate(made.certPem)];
    expect(server.checkIssued(ca) && server.verify(ca.publicKey) && ca.ca).toBe(true);
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkIP('::1')).toBe('::1');
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost('example.com')).toBeUndefined();
    expect(server.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(made.sha256);
    expect((await stat(join(dir, 'certificates.json'))).mode & 0o777).toBe(0o600);
  }));

test('they are kept, and renewed a month before they end or when they are not yet valid', () =>
  inFolder(async dir => {
    const clock = new SteppedClock();
    const random = new SeededRandom();
    const first = await labCertificates(dir, clock, random);
    await clock.advance(334 * DAY);
    expect(await labCertificates(dir, clock, random)).toEqual(first);
    await clock.advance(2 * DAY);
    const second = await labCertificates(dir, clock, random);
    expect(second.sha256).not.toBe(first.sha256);
    expect((await labCertificates(dir, new SteppedClock(), random)).sha256).not.toBe(second.sha256);
  }));
