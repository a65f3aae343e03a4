import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { cli, scratch } from '../support/cli.ts';
import { evil, expectHarmless, github } from '../support/hostile.ts';

/** A zip whose entries have these names, as their writer had them. */
async function zipOf(...names: string[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [index, name] of names.entries())
    zip.addBuffer(Buffer.from('data'), `${index}`.padEnd(name.length, '_'));
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  let bytes = Buffer.concat(chunks).toString('latin1');
  // The writer refuses what a reader has to bear.
  for (const [index, name] of names.entries())
    bytes = bytes.replaceAll(`${index}`.padEnd(name.length, '_'), name);
  return Buffer.from(bytes, 'latin1');
}

async function place() {
  const dir = await scratch();
  const write = async (name: string, content: string | Buffer) => {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), content);
  };
  await write('a.zip', await zipOf('ok.txt', 'x\u001b[2J::error::y', 'n\r\n::error::z'));
  await write('m.yaml', 'converge: 1\nresources: { file: { out.txt: { content: x } } }\n');
  await write('archive.yaml', 'converge: 1\nresources: { archive: { out: { source: a.zip } } }\n');
  await write('env.yaml', 'converge: 1\nresources: { file: { o: { content: x, mode: "${env.EVIL}" } } }\n');
  const says = String.raw`printf "\033[2J\n::error::q\r\302\233" >&2; exit 3`;
  const command = JSON.stringify(['sh', '-c', says]);
  await write(
    'exec.yaml',
    `converge: 1\nresources: { exec: { a: { command: ${command}, creates: /nope } } }\n`,
  );
  await write('folder/x\u001b]0;t\u0007::error::.yaml', 'converge: 2\n');
  await write('lines/y\n::error::z.yaml', 'nope');
  const config = {
    commands: { [evil]: { command: evil, test: evil } },
    files: { [evil]: { content: evil, mode: '000644' } },
    container_commands: { 1: { command: `schtasks /create /tn ${evil}` } },
    services: { windows: { [evil]: { enabled: true } } },
    packages: { msi: { [evil]: evil } },
    [evil]: 1,
  };
  await write('.ebextensions/a.config', JSON.stringify(config));
  await write('.ebextensions/b\u001b[2J.config', 'a: [\n');
  return dir;
}

const self = ['--self', 's3://cust-deployment-data/'];
const lab = ['--lab', 'lab'];
const commands: string[][] = [
  ['validate', 'folder', 'lines'],
  ['plan', 'archive.yaml'],
  ['apply', 'archive.yaml'],
  ['apply', 'archive.yaml', '--events', 'ndjson'],
  ['plan', 'env.yaml'],
  ['apply', 'exec.yaml'],
  ['apply', 'exec.yaml', '--events', 'ndjson'],
  ['test', 'exec.yaml'],
  ['test', 'lines'],
  ['test', evil],
  ['adopt', 'ebextensions', '.ebextensions/a.config'],
  ['adopt', 'ebextensions', '.ebextensions/b\u001b[2J.config'],
  ['adopt', evil],
  ['adopt', 'file', evil],
  ['adopt', 'bucket', evil, ...lab],
  ['adopt', 'registry_value', evil, ...lab],
  ['sign', evil],
  ['sign', 'm.yaml', '--key', evil],
  ['bundle', '--trust', evil],
  ['bundle', '-o', evil, ...self],
  ['bump', evil, ...self, ...lab],
  ['bump', 'customer-env', '--self', evil, ...lab],
  ['bump', 'customer-env', ...self, '--batch', evil, ...lab],
  ['bump', 'customer-env', ...self, '--health', evil, ...lab],
  ['rollout', 'status', evil, ...self, ...lab],
  ['rollout', evil],
  ['instance-policy', evil, ...self],
  ['agent', '--self', evil],
  ['failover', evil, 'm.yaml', '--test', ...lab],
  ['failover', 'status', evil, ...lab],
  ['key', evil],
  ['points', '--repository', `file:///${evil}`, ...lab],
  ['points', '--repository', `s3://bucket/${evil}`, ...lab],
  ['verify', '--repository', evil, ...lab],
  ['explain', '--type', evil],
  ['schema', evil],
  ['completion', evil],
  ['plan', 'm.yaml', '--observed', evil],
  ['plan', 'm.yaml', '--set', evil],
  ['plan', 'm.yaml', '--only', evil],
  ['plan', 'm.yaml', '--allow', evil],
  ['plan', 'm.yaml', '-o', `${evil}/p`],
  ['apply', 'm.yaml', '--digest', evil],
  ['apply', 'm.yaml', '--lock-timeout', evil],
  ['lab', 'fault', 'add', evil, ...lab],
  ['lab', 'clock', evil, ...lab],
  ['lab', evil, ...lab],
  ['init', 'made', '--vcenter', evil, '--vm', evil, '--bucket', evil, '--region', evil],
];

test.each([
  ['a terminal', {}],
  ['the runner', github],
  ['the runner of Azure', { TF_BUILD: 'True' }],
  ['the runner of TeamCity', { TEAMCITY_VERSION: '2025.07' }],
])(
  'no word, entry, file or program steers %s',
  async (_, runner) => {
    const dir = await place();
    for (const args of commands) {
      const said = await cli(dir, args, { env: { VC: 'a-password', EVIL: evil, ...runner } });
      expectHarmless(args, said, Object.keys(runner).length > 0);
      expect(said.stderr, args.join(' ')).not.toContain('in a way it should not');
      expect([0, 1, 2, 4, 8], args.join(' ')).toContain(said.code);
    }
  },
  300_000,
);
