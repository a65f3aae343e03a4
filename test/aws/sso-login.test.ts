import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { nodeHost } from '../../src/io/node.ts';
import { networkOf } from '../../src/network/network.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const config = `[profile corp]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Mover
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.example.com/start
`;

test('a login by SSO is renewed, and its credentials are fetched, by the proxy of the environment', async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/\?.*/, '')}`);
    const answer = request.url?.endsWith('/token')
      ? { accessToken: 'renewed', expiresIn: 3600, tokenType: 'Bearer' }
      : {
          roleCredentials: {
            ...{ accessKeyId: 'AKIDSSO', secretAccessKey: 'secret', sessionToken: 'token' },
            expiration: Date.now() + 3_600_000,
          },
        };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>(done => proxy.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  const home = temporaryFolder();
  const cache = join(home, '.aws/sso/cache');
  await mkdir(cache, { recursive: true });
  const token = {
    ...{ accessToken: 'over', expiresAt: new Date(Date.now() - 60_000).toISOString() },
    ...{ clientId: 'id', clientSecret: 'secret', refreshToken: 'refresh' },
  };
  const file = `${createHash('sha1').update('corp').digest('hex')}.json`;
  await writeFile(join(cache, file), JSON.stringify(token));
  await writeFile(join(home, '.aws/config'), config);
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', home);
  // In plain text, so that the proxy sees what it is asked for.
  vi.stubEnv('AWS_ENDPOINT_URL_SSO', 'http://sso.converge.test');
  vi.stubEnv('AWS_ENDPOINT_URL_SSO_OIDC', 'http://oidc.converge.test');

  const host = nodeHost();
  const { port } = proxy.address() as AddressInfo;
  const connection = await connectS3({
    ...{ region: 'eu-west-1', profile: 'corp', clock: host.clock, random: host.random },
    network: networkOf({ ...host, env: { HTTP_PROXY: `http://127.0.0.1:${port}` } }),
  });
  onTestFinished(() => connection.close());
  expect(await connection.client.config.credentials()).toMatchObject({ accessKeyId: 'AKIDSSO' });
  expect(asked).toEqual([
    'POST http://oidc.converge.test/token',
    'GET http://sso.converge.test/federation/credentials',
  ]);
});
