import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { worldAws } from '../../src/app/aws/aws-access.ts';
import { configured } from '../../src/aws/default-chain.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { networkOf } from '../../src/network/network.ts';

const here = 'http://localhost:9000';

/** With this shared configuration file, and nothing of AWS in the environment but `env`. */
async function withFile(text: string, env: Record<string, string>) {
  const dir = await mkdtemp(join(tmpdir(), 'converge-aws-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  await writeFile(join(dir, 'config'), text);
  vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(dir, 'none'));
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

const profiles = `[default]
region = eu-west-1
[profile dr]
region = eu-north-1
endpoint_url = ${here}
ca_bundle = /etc/company.pem
[profile both]
endpoint_url = http://all
services = mine
[services mine]
s3 =
  endpoint_url = http://s3
ssm =
  endpoint_url = http://ssm
[profile dangling]
region = eu-south-1
services = nobody
`;

const dr = { region: 'eu-north-1', endpoint: here, ca: '/etc/company.pem' };

test.each<[string, string | undefined, Record<string, string>, object]>([
  ['the default profile', undefined, {}, { region: 'eu-west-1' }],
  ['the profile that is asked for', 'dr', {}, dr],
  ['that of AWS_PROFILE', undefined, { AWS_PROFILE: 'dr' }, dr],
  ['the section of services before all', 'both', {}, { endpoint: 'http://s3' }],
  ['a section of services that is not there', 'dangling', {}, { region: 'eu-south-1' }],
  ['a profile that is not there', 'nobody', {}, {}],
  ['the environment first', 'dr', { AWS_ENDPOINT_URL: 'http://env' }, { ...dr, endpoint: 'http://env' }],
  ['nothing of what is empty', 'dr', { AWS_ENDPOINT_URL: '', AWS_REGION: '' }, dr],
  [
    'no endpoint if told so',
    'dr',
    { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
    { region: dr.region, ca: dr.ca },
  ],
  ['the authorities of the environment first', 'dr', { AWS_CA_BUNDLE: '/a.pem' }, { ...dr, ca: '/a.pem' }],
])('the configuration of AWS gives %s', async (_, profile, env, expected) => {
  await withFile(profiles, env);
  expect(await configured(profile)).toEqual(expected);
});

test('the authorities of a profile count for the targets that name it, and messages say whose they are', async () => {
  await withFile(profiles, {});
  const told = async (env: Record<string, string>, properties: object) => {
    const host = { ...nodeHost(), env };
    const aws = worldAws(host, networkOf(host), async () => 's');
    const target = { name: 'a', type: 'aws', properties: { region: 'eu-west-1', ...properties } };
    const { network } = await aws.s3(target as never, { made() {}, retried() {}, throttled() {} });
    return network!.authorities().then(
      found => (found ? 'more' : 'usual'),
      (failure: Failure) => failure.diagnostics[0]!.message,
    );
  };
  const missing =
    'The file of authorities /etc/company.pem, which `ca_bundle` of the profile dr names, is not there.';
  expect(await told({}, { profile: 'dr' })).toBe(missing);
  vi.stubEnv('AWS_PROFILE', 'dr');
  expect(await told({ AWS_PROFILE: 'dr' }, {})).toBe(missing);
  vi.stubEnv('AWS_PROFILE', undefined);
  expect(await told({}, {})).toBe('usual');
  const instead = await told({ AWS_CA_BUNDLE: '/other.pem' }, { profile: 'dr' });
  expect(instead).toContain('/other.pem, which AWS_CA_BUNDLE names');
  const pem = rootCertificates[0]!;
  expect(await told({}, { ca: pem })).toBe('more');
});

test.each([
  ['http://minio.lan:99999', {}, 'aws target'],
  ['minio.lan:9000', {}, 'aws target'],
  [undefined, { AWS_ENDPOINT_URL_S3: 'svc:s3cr3t@minio' }, 'environment or the profile'],
])('an endpoint that is no address is told, and not repeated: %s', async (endpoint, env, where) => {
  await withFile(profiles, env);
  const { clock, random } = nodeHost();
  const declared = { region: 'eu-west-1', ...(endpoint !== undefined && { endpoint }) };
  const failure: Failure = await connectS3({ ...declared, clock, random }).then(
    () => expect.unreachable('it was taken for one'),
    error => error,
  );
  expect(failure.diagnostics).toMatchObject([
    { code: 'aws-endpoint', message: expect.stringContaining(where) },
  ]);
  expect(failure.message).not.toContain('minio');
});
