import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import type { Reporter } from '../../src/app/reporter.ts';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { proxiesOf, proxyPasswords, vainExceptions } from '../../src/network/proxies.ts';

const at = (url: string) => {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  return { secure, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (secure ? 443 : 80)) };
};
const leads = (env: Record<string, string>, url: string) => proxiesOf(env)(at(url))?.where;

describe('a proxy from the environment', () => {
  // As urllib's getproxies_environment and proxy_bypass_environment, which botocore asks.
  test.each<[Record<string, string>, string, string | undefined]>([
    [{ HTTPS_PROXY: 'http://p:3128' }, 'https://s3.eu-west-1.amazonaws.com', 'p:3128'],
    [{ HTTPS_PROXY: 'http://p:3128' }, 'http://minio.lan', undefined],
    [{ HTTP_PROXY: 'http://p:3128' }, 'http://minio.lan:9000', 'p:3128'],
    [{ https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:1' }, 'https://a.b', 'low:1'],
    [{ https_proxy: '', HTTPS_PROXY: 'http://up:1' }, 'https://a.b', undefined],
    [{ HTTPS_PROXY: ' ' }, 'https://a.b', undefined],
    [{ HTTPS_PROXY: 'p:8080' }, 'https://a.b', 'p:8080'],
    [{ HTTPS_PROXY: '//p:8080' }, 'https://a.b', 'p:8080'],
    [{ HTTPS_PROXY: 'http://p' }, 'https://a.b', 'p:80'],
    [{ HTTPS_PROXY: 'https://p' }, 'https://a.b', 'p:443'],
    [{ HTTPS_PROXY: 'http://[2001:db8::1]:3128' }, 'https://a.b', '[2001:db8::1]:3128'],
    [{ ALL_PROXY: 'http://p:1' }, 'https://a.b', undefined],
    // The proxy itself is not asked for by the proxy.
    [{ HTTPS_PROXY: 'https://p:9' }, 'https://p:9', undefined],
    // Nor by that for others.
    [{ HTTP_PROXY: 'https://p', HTTPS_PROXY: 'http://q:3128' }, 'https://p', undefined],
    [{ http_proxy: 'p:1', HTTPS_PROXY: 'http://q:3128' }, 'http://q:3128', undefined],
    [{ HTTP_PROXY: 'https://p', HTTPS_PROXY: 'socks5://q:1' }, 'https://P', undefined],
    [{ HTTP_PROXY: 'https://p', HTTPS_PROXY: 'http://q:3128' }, 'https://p:8443', 'q:3128'],
  ])('%o, %s: %s', (env, url, where) => {
    expect(leads(env, url)).toBe(where);
  });

  test.each<[string, string, boolean]>([
    ['*', 'https://a.b', true],
    ['x, *', 'https://a.b', true],
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://vc.example.com', true],
    ['example.com', 'https://badexample.com', false],
    ['.example.com', 'https://vc.example.com', true],
    ['.example.com', 'https://example.com', true],
    ['*.example.com', 'https://vc.example.com', true],
    ['VC.Example.COM', 'https://vc.example.com', true],
    ['vc.example.com:8443', 'https://vc.example.com:8443', true],
    ['vc.example.com:8443', 'https://vc.example.com', false],
    [' a.b , c.d ', 'https://c.d', true],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['10.1.2.3:443', 'https://10.1.2.3', true],
    ['10.1.0.0/16', 'https://10.1.2.3', true],
    ['10.1.0.0/16', 'https://10.2.2.3', false],
    ['2.3', 'https://10.1.2.3', false],
    ['2001:db8::/32', 'https://[2001:db8::5]', true],
    ['2001:db8::5', 'https://[2001:db8::5]', true],
    ['[2001:db8::5]:443', 'https://[2001:db8::5]', true],
    // One address, however it is written.
    ['2001:0db8:0:0:0:0:0:5', 'https://[2001:db8::5]', true],
    ['[2001:DB8:0::5]:443', 'https://[2001:db8::5]', true],
    ['[2001:db8:0::5]:8443', 'https://[2001:db8::5]', false],
    ['10.1.0.0/99', 'https://10.1.2.3', false],
    ['vc.example.com.', 'https://vc.example.com', true],
    ['example.com', 'https://vc.example.com.', true],
    ['.', 'https://vc.example.com.', false],
    [',,', 'https://a.b', false],
    // As curl takes them, which the CLI doesn't.
    ['x.y a.b\tc.d', 'https://c.d', true],
  ])('NO_PROXY=%s spares %s: %s', (spared, url, isSpared) => {
    for (const name of ['NO_PROXY', 'no_proxy'])
      expect(leads({ HTTPS_PROXY: 'http://p:1', [name]: spared }, url)).toBe(isSpared ? undefined : 'p:1');
  });

  test.each([
    ['http://proxy.example.com', 'it is a URL, where a host is meant'],
    ['user@example.com', 'it has a user, where a host is meant'],
    ['example.com/path', 'it has a path, where a host or a network is meant'],
    ['10.1.0.0/99', 'a network of this kind has no /99'],
    ['2001:db8::/129', 'a network of this kind has no /129'],
    ['10.*', '`*` stands for all by itself, and for names below one as `*.example.com` alone'],
    ['*example.com', '`*` stands for all by itself, and for names below one as `*.example.com` alone'],
    ['10.1.2', 'a part of an address matches none; a network is written as 10.0.0.0/8'],
    ['10.1.2.', 'a part of an address matches none; a network is written as 10.0.0.0/8'],
    ['example.com:https', 'https is not a port'],
    ['example.com:', 'nothing is not a port'],
    ['example.com:70000', '70000 is not a port'],
    ['.', 'it names no host'],
    ['a.b;c.d', 'it is not the name of a host'],
    ['"a.b"', 'it is not the name of a host'],
  ])('NO_PROXY=%s spares nobody, and it can be told why', (entry, why) => {
    const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: `a.b, ${entry},` };
    expect(vainExceptions(env)).toEqual({ from: 'NO_PROXY', vain: [{ entry, why }] });
    for (const url of ['https://proxy.example.com', 'https://example.com', 'https://10.1.2.3', 'https://c.d'])
      expect(leads(env, url)).toBe('p:1');
  });

  test('whatever spares somebody is not told of', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().filter(address => !address.includes('.')),
    );
    fc.assert(
      fc.property(host, fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }), (name, port) => {
        const written = name.includes(':') ? `[${name}]` : name;
        const entry = port === undefined ? written : `${written}:${port}`;
        const env = { HTTPS_PROXY: 'http://p:1', no_proxy: entry };
        expect(vainExceptions(env)).toEqual({ from: 'no_proxy', vain: [] });
        expect(proxiesOf(env)({ secure: true, host: name, port: port ?? 443 })).toBeUndefined();
      }),
    );
  });

  test('never leads to this machine or its link, where the metadata of an instance are', () => {
    const env = { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:1' };
    for (const host of [
      ...['localhost', 'LOCALHOST', 'lab.localhost', '127.0.0.1', '127.9.9.9', '[::1]'],
      ...['169.254.169.254', '169.254.170.2', '[fe80::1]', '[fd00:ec2::254]'],
    ])
      for (const scheme of ['http', 'https']) expect(leads(env, `${scheme}://${host}`), host).toBeUndefined();
    expect(leads(env, 'http://localhost.example.com')).toBe('p:1');
  });

  test.each([
    ...['socks5://p:1', 'http://', 'http://u:s3cr3t#@p:1', 'http://p:s3cr3t', 'ftp://u:s3cr3t@p'],
    // The user would be taken for the proxy, and the beginning of the password for its port.
    ...['http://u:1#s3cr3t@p:1', 'http://u:12/s3cr3t@p:1', 'u:1?s3cr3t@p:1'],
  ])('%s is refused once it is needed, and not repeated', text => {
    const proxyTo = proxiesOf({ HTTPS_PROXY: text });
    expect(proxyTo(at('http://a.b'))).toBeUndefined();
    const refused = failing(() => proxyTo(at('https://a.b')));
    expect(refused.diagnostics).toMatchObject([
      {
        code: 'proxy-address',
        message: 'The environment variable HTTPS_PROXY does not name a proxy of HTTP.',
      },
    ]);
    expect(JSON.stringify(refused.diagnostics)).not.toContain('s3cr3t');
  });

  test('with any user and password says them as Basic, and all their forms are known as secret', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(word, word, (user, password) => {
        const [u, p] = [encodeURIComponent(user), encodeURIComponent(password)];
        const env = { https_proxy: `http://${u}:${p}@p:1` };
        const { authorization } = proxiesOf(env)(at('https://a.b'))!;
        const encoded = Buffer.from(`${user}:${password}`).toString('base64');
        expect(authorization).toBe(`Basic ${encoded}`);
        expect(proxyPasswords(env)).toEqual(expect.arrayContaining([password, p, encoded]));
      }),
    );
    // As it stands, where it isn't encoded as it should be.
    expect(proxiesOf({ https_proxy: 'http://u:100%@p:1' })(at('https://a.b'))!.authorization).toBe(
      `Basic ${Buffer.from('u:100%').toString('base64')}`,
    );
    expect(proxyPasswords({ HTTP_PROXY: 'u:p@ss@p:1', HTTPS_PROXY: 'http://p' })).toContain('p@ss');
  });
});

test('the password of a proxy is in nothing that is said', () => {
  const env = { HTTPS_PROXY: 'http://svc:p%40ss-word@proxy.lan:3128' };
  const host = { ...nodeHost(), env };
  const io = { host, interrupt: new AbortController().signal };
  const { redactor } = makeContext(io, () => ({}) as Reporter);
  const basic = Buffer.from('svc:p@ss-word').toString('base64');
  for (const text of [env.HTTPS_PROXY, 'p@ss-word', `proxy-authorization: Basic ${basic}`])
    expect(redactor.text(text)).not.toMatch(/ss-word|c3ZjOnBAc3Mtd29yZA/);
});

function failing(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
