import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { binary, cli, scratch } from '../support/cli.ts';

const manifest = `converge: 1
resources:
  file:
    /srv/name: { content: "\${facts.beanstalk.environment_name} \${facts.ec2.tags['team']}" }
    /srv/elsewhere: { when: facts.os == 'windows', content: "\${facts.ec2.region}" }
`;

async function place(text = manifest) {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), text);
  const lab = (...args: string[]) => cli(dir, [...args, '--lab', 'lab']);
  return { dir, lab };
}

test("with --lab the facts are those of the lab's instance", async () => {
  const { lab } = await place();
  const set = await lab('lab', 'instance', '--environment', 'shop-prod', '--tag', 'team=web');
  expect(set.stdout).toContain('shop-prod');
  const shown = JSON.parse((await lab('facts')).stdout);
  expect(shown.ec2).toMatchObject({ region: 'eu-west-1', tags: { team: 'web' } });
  expect(shown.beanstalk).toEqual({ environment_name: 'shop-prod', environment_id: 'e-labenviron' });
  expect((await lab('validate', 'm.yaml')).code).toBe(0);
  const { stdout } = await lab('explain', 'file:/srv/name.content', 'm.yaml');
  expect(stdout).toContain('shop-prod web');
  expect(stdout).toContain("the instance's tags");
  const json = await lab('explain', 'file:/srv/name.content', 'm.yaml', '--format', 'json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    version: 1,
    address: 'file:/srv/name',
    values: [
      {
        path: ['content'],
        value: 'shop-prod web',
        computed: {
          inputs: [
            { name: 'facts.beanstalk.environment_name', said: [{ value: 'shop-prod', wins: true }] },
            {},
          ],
        },
      },
    ],
  });
  const planned = await lab('plan', 'm.yaml', '--format', 'json');
  expect(planned.code, planned.stderr).toBe(0);
  // By EC2's API, with the lab's credentials.
  await lab('lab', 'instance', '--metadata-tags', 'off');
  expect((await lab('facts')).stdout).toContain('shop-prod');
  await lab('lab', 'instance', '--describe-tags', 'off');
  const denied = await lab('plan', 'm.yaml');
  expect(denied.code).toBe(1);
  expect(denied.stderr).toContain('ec2:DescribeTags');
  expect(denied.stderr).toContain('m.yaml:4');
});

test('an instance without an environment, and a host that is not an instance, say so where it is asked', async () => {
  const { lab } = await place();
  expect((await lab('plan', 'm.yaml')).stderr).toContain('belongs to no Beanstalk environment');
  await lab('lab', 'instance', '--metadata', 'off');
  expect((await lab('plan', 'm.yaml')).stderr).toContain('turned off');
});

test('unknown names are found with their place, off EC2 as well', async () => {
  const { dir } = await place(
    'converge: 1\nresources:\n  file:\n    /a: { content: "${facts.ec2.regoin}" }\n    /b: { when: facts.beanstak.environment_name == \'x\' }\n',
  );
  const { code, stderr } = await cli(dir, ['validate', 'm.yaml']);
  expect(code).toBe(1);
  expect(stderr).toContain('m.yaml:4:33');
  expect(stderr).toContain('did you mean `region`?');
  expect(stderr).toContain('did you mean `beanstalk`?');
});

test('nobody is asked for what no expression names', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.writeHead(403).end();
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const env = {
    AWS_EC2_METADATA_DISABLED: '',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const { dir } = await place(
    'converge: 1\nresources: { file: { /a: { content: "ec2 ${facts.os}" }, /b: { content: "facts of ec2" } } }\n',
  );
  expect((await cli(dir, ['validate', 'm.yaml'], { env })).code).toBe(0);
  expect(asked).toBe(0);
  const { code, stderr } = await cli(dir, ['facts'], { env });
  expect(code).toBe(0);
  expect(stderr).toContain('turned off');
  expect(asked).toBeGreaterThan(0);
});

test('no proxy sees the session token', async () => {
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.writeHead(403).end();
  });
  const metadata = createServer((_, response) => response.writeHead(403).end());
  for (const server of [proxy, metadata]) {
    await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
  }
  const url = (server: typeof proxy) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { dir } = await place();
  const { stderr } = await binary(dir, ['facts'], {
    PATH: '/usr/bin:/bin',
    AWS_EC2_METADATA_DISABLED: '',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url(metadata),
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: url(proxy),
    http_proxy: url(proxy),
  });
  expect(stderr).toContain('turned off');
  expect(seen).toEqual([]);
});
