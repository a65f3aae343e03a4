import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { binary, scratch } from '../support/cli.ts';

interface Seen {
  host: string | undefined;
  path: string;
  /** Access key id and region, of the signature. */
  signed: string;
}

/**
 * A service that notes what it is asked, and answers that the bucket is in another region, or isn't there.
 */
async function service(elsewhere?: string) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const [, id, region] =
      /Credential=(\w+)\/\d+\/([\w-]+)\/s3/.exec(request.headers.authorization ?? '') ?? [];
    seen.push({
      host: request.headers.host?.split(':')[0],
      path: request.url!.split('?')[0]!,
      signed: `${id} ${region}`,
    });
    const code = elsewhere ? 'PermanentRedirect' : 'NoSuchBucket';
    response.writeHead(elsewhere ? 301 : 404, {
      'content-type': 'application/xml',
      ...(elsewhere && { 'x-amz-bucket-region': elsewhere }),
    });
    response.end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { seen, url: `http://localhost:${(server.address() as AddressInfo).port}` };
}

const repository = ['--repository', 's3://dr-points/vms'];

/** What people have in ~/.aws; nothing of the environment that runs the tests. */
async function configured(config: string) {
  const dir = await scratch();
  await mkdir(join(dir, '.aws'));
  await writeFile(join(dir, '.aws/config'), config);
  const keys = (name: string, id: string) => `[${name}]\naws_access_key_id=${id}\naws_secret_access_key=x\n`;
  await writeFile(join(dir, '.aws/credentials'), keys('default', 'PLAIN') + keys('dr', 'OTHER'));
  const base = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: dir };
  const run = (args: string[], env: Record<string, string> = {}) => binary(dir, args, { ...base, ...env });
  return { dir, run };
}

const nowhere = 'http://127.0.0.1:9';

test.each<
  [string, (url: string) => { config: string; args?: string[]; env?: Record<string, string> }, string]
>([
  [
    'region of the default profile, endpoint of the environment',
    url => ({ config: '[default]\nregion=eu-west-1\n', env: { AWS_ENDPOINT_URL: url } }),
    'PLAIN eu-west-1',
  ],
  [
    'the endpoint of S3 before that of all services, though one is empty',
    url => ({
      config: '[default]\nregion=eu-west-1\n',
      env: { AWS_ENDPOINT_URL_S3: url, AWS_ENDPOINT_URL: nowhere, AWS_REGION: '' },
    }),
    'PLAIN eu-west-1',
  ],
  [
    'an empty endpoint of S3 is none',
    url => ({
      config: '[default]\nregion=eu-west-1\n',
      env: { AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: url },
    }),
    'PLAIN eu-west-1',
  ],
  [
    'all of them of the profile that is named',
    url => ({
      config: `[default]\nregion=eu-west-1\n[profile dr]\nregion=eu-north-1\nendpoint_url=${url}\n`,
      args: ['--profile', 'dr'],
    }),
    'OTHER eu-north-1',
  ],
  [
    'all of them of AWS_PROFILE, the endpoint in a section of services',
    url => ({
      config: `[profile dr]\nregion=eu-north-1\nservices=here\n[services here]\ns3 =\n  endpoint_url = ${url}\n`,
      env: { AWS_PROFILE: 'dr' },
    }),
    'OTHER eu-north-1',
  ],
  [
    'options before environment and profile',
    url => ({
      config: `[default]\nregion=eu-west-1\nendpoint_url=${nowhere}\n`,
      args: ['--region', 'eu-south-1', '--endpoint', url],
      env: { AWS_REGION: 'us-west-2', AWS_ENDPOINT_URL: nowhere },
    }),
    'PLAIN eu-south-1',
  ],
  [
    'the environment before the profile',
    url => ({
      config: `[default]\nregion=eu-west-1\nendpoint_url=${nowhere}\n`,
      env: { AWS_REGION: 'us-west-2', AWS_ENDPOINT_URL: url },
    }),
    'PLAIN us-west-2',
  ],
  [
    'a profile without a region: the usual one',
    url => ({ config: '', env: { AWS_ENDPOINT_URL: url } }),
    'PLAIN us-east-1',
  ],
])('a repository without manifests is asked where AWS says: %s', async (_, say, signed) => {
  const { seen, url } = await service();
  const { config, args = [], env = {} } = say(url);
  const { run } = await configured(config);
  const { code, stderr } = await run(['points', ...repository, ...args], env);
  expect(seen[0], stderr).toEqual({
    host: 'localhost',
    path: '/dr-points/vms/converge.json',
    signed,
  });
  expect(code).toBe(4);
  expect(stderr).toMatch(/error\[bucket-not-found\].*dr-points/);
  expect(stderr).toContain('--region or --endpoint');
  expect(stderr).not.toContain('target');
});

test('the region that a bucket is in is said as the option to give', async () => {
  const { url } = await service('eu-central-1');
  const { run } = await configured('[default]\nregion=eu-west-1\n');
  const { code, stderr } = await run(['verify', ...repository, '--endpoint', url]);
  expect(code).toBe(4);
  expect(stderr).toMatch(/error\[aws-wrong-region\]/);
  expect(stderr).toContain('Give --region eu-central-1');
  expect(stderr).not.toContain('target');
});

test('without keys the options and variables are named that give some', async () => {
  const { url } = await service();
  const { dir, run } = await configured('[default]\nregion=eu-west-1\n');
  await writeFile(join(dir, '.aws/credentials'), '');
  const { code, stderr } = await run(['points', ...repository, '--endpoint', url]);
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/error\[aws-no-credentials\]/);
  expect(stderr).toMatch(/--profile.*AWS_PROFILE/);
  expect(stderr).not.toContain('target');
});

test('manifests say region and endpoint, and options come before them', async () => {
  const { seen, url } = await service();
  const { dir, run } = await configured('[default]\nregion=eu-west-1\n');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  dr: { type: aws, region: eu-central-1, endpoint: "${url}" }
  home: { type: vsphere, url: https://vc.invalid, username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm: { dc02: { repository: s3://dr-points/vms, schedule: every day } }
`,
  );
  await run(['restore', 'dc02', 'm.yaml', '--to', 'out']);
  await run(['restore', 'dc02', 'm.yaml', '--to', 'out', '--region', 'eu-north-1', '--profile', 'dr']);
  const asked = seen.filter(({ path }) => path === '/dr-points/vms/converge.json');
  expect([...new Set(asked.map(({ signed }) => signed))]).toEqual(['PLAIN eu-central-1', 'OTHER eu-north-1']);
});
