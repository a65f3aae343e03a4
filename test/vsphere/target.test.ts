import { rootCertificates } from 'node:tls';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { ReadFiles } from '../../src/io/ports.ts';
import { vsphereTarget } from '../../src/vsphere/client/target.ts';
import { endpointOf, hostPort } from '../../src/vsphere/http/endpoint.ts';
import { readCa } from '../../src/vsphere/http/server-trust.ts';
import { failureOf, scriptedServer } from './scripted-server.ts';

const fits = (more: object) =>
  Value.Check(vsphereTarget.schema, { url: 'https://vc', username: 'u', password: 'p', ...more });

it.each(['https://vc', 'https://vc/', 'https://vc:8443/sdk', 'https://[::1]:8989/sdk/'])(
  'takes the url %s',
  url => expect(fits({ url })).toBe(true),
);

it.each(['http://vc', 'vc', 'https://', 'https://vc/ui/', 'https://u:p@vc'])('refuses the url %s', url => {
  expect(fits({ url })).toBe(false);
  expect(() => endpointOf(url)).toThrow(/not the https address/);
});

it('says that the password is a secret, and takes nothing it does not know', () => {
  const { properties } = vsphereTarget.schema as unknown as { properties: { password: object } };
  expect(properties.password).toMatchObject({ 'x-secret': true });
  expect([fits({}), fits({ insecure: true })]).toEqual([true, false]);
});

it('takes pins with and without colons', () => {
  const plain = 'ab'.repeat(32);
  expect([fits({ sha256: plain }), fits({ sha256: plain.match(/../g)!.join(':') })]).toEqual([true, true]);
  expect(fits({ sha256: plain.slice(1) })).toBe(false);
});

it.each([
  ['https://VC.Example.com:443/sdk', 'https://vc.example.com'],
  ['https://vc.example.com', 'https://vc.example.com'],
  ['https://vc:8443/', 'https://vc:8443'],
])('knows %s as %s', (url, identity) => expect(vsphereTarget.identity({ url })).toBe(identity));

it('never repeats a url that may hold a password', () => {
  expect(() => endpointOf('https://u:hunter2@vc')).toThrow(expect.not.stringContaining('hunter2'));
});

it('finds host and port', () => {
  expect(endpointOf('https://vc')).toEqual({ host: 'vc', port: 443 });
  expect(endpointOf('https://[::1]:8989/sdk')).toEqual({ host: '::1', port: 8989 });
  expect(hostPort({ host: '::1', port: 1 })).toBe('[::1]:1');
});

describe('ca', () => {
  const root = rootCertificates[0]!;
  const files = (content: Record<string, string>) =>
    ({
      read: async (path: string) => (path in content ? Buffer.from(content[path]!) : undefined),
    }) as ReadFiles;

  it('is PEM text, or a file that is found from the working directory', async () => {
    const { caPem } = (await scriptedServer()).certificates;
    expect(await readCa(caPem, files({}), '/here')).toBe(caPem);
    expect(await readCa('ca.pem', files({ '/srv/ca.pem': caPem }), '/srv')).toBe(caPem);
    expect(await readCa('/etc/ca.pem', files({ '/etc/ca.pem': caPem }), '/srv')).toBe(caPem);
  });

  it.each([
    ['that is not there', {}, /\/srv\/ca\.pem.*is not there/],
    ['without a certificate', { '/srv/ca.pem': 'hello' }, /\/srv\/ca\.pem.*no certificate in PEM/],
    [
      'whose second one is broken',
      { '/srv/ca.pem': `${root}\n${root.replace(/\n[^\n]*\n/, '\n')}` },
      /\/srv\/ca\.pem.*holds 2 certificates, of which number 2 can't be read/,
    ],
  ])('refuses a file %s', async (_, content, why) => {
    const failure = await failureOf(readCa('ca.pem', files(content), '/srv'));
    expect(failure.diagnostics[0]).toMatchObject({ code: 'vsphere-ca', category: 'given' });
    expect(failure.message).toMatch(why);
  });
});
