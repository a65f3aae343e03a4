import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { configured } from '../../src/aws/default-chain.ts';

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

const dr = { region: 'eu-north-1', endpoint: here };

test.each<[string, string | undefined, Record<string, string>, object]>([
  ['the default profile', undefined, {}, { region: 'eu-west-1' }],
  ['the profile that is asked for', 'dr', {}, dr],
  ['that of AWS_PROFILE', undefined, { AWS_PROFILE: 'dr' }, dr],
  ['the section of services before all', 'both', {}, { endpoint: 'http://s3' }],
  ['a section of services that is not there', 'dangling', {}, { region: 'eu-south-1' }],
  ['a profile that is not there', 'nobody', {}, {}],
  ['the environment first', 'dr', { AWS_ENDPOINT_URL: 'http://env' }, { ...dr, endpoint: 'http://env' }],
  ['nothing of what is empty', 'dr', { AWS_ENDPOINT_URL: '', AWS_REGION: '' }, dr],
  ['no endpoint if told so', 'dr', { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, { region: dr.region }],
])('the configuration of AWS gives %s', async (_, profile, env, expected) => {
  await withFile(profiles, env);
  expect(await configured(profile)).toEqual(expected);
});
