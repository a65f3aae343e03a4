import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import type { Ec2State } from '../../src/lab/ec2/world/state.ts';
import { type Lab, openLab } from '../../src/lab/lab.ts';
import { apart } from '../recovery/network.ts';
import { runMark } from '../support/run-mark.ts';
import { describeWith, folder } from './s3-programs.ts';

const scripts = join(import.meta.dirname, '../../tools/only-aws');
const shell = readdirSync(scripts).filter(name => name.endsWith('.sh') && name !== 'agreed.sh');

/**
 * In the place of `aws`: notes what is called and gives it to the AWS CLI, which asks the lab. What the lab
 * has nothing of (VPC Lattice, what a guest writes to its console) is sent all the same, so that the CLI
 * checks it, and answered here.
 */
const stand = (dir: string) => `#!/bin/bash
echo "$1 $2" >>${dir}/calls
cli() { PATH=$REAL aws "$@"; }
case "$*" in
  *run-instances*) echo "$*" >${dir}/launched ;;
  *get-console-output*)
    cli "$@" >/dev/null || exit
    sed -n "s/.*echo '\\(converge:only-aws [0-9a-f]*\\)'.*/\\1/p" ${dir}/launched; exit 0 ;;
  vpc-lattice*)
    said=$(cli "$@" 2>&1)
    case "$said" in *'The lab has no service'*) ;; *) echo "$said" >&2; exit 255 ;; esac
    case "$*" in
      *delete-service-network-vpc-association*) touch ${dir}/gone ;;
      *get-service-network-vpc-association*) [ ! -e ${dir}/gone ] || exit 1; echo ACTIVE ;;
      *) echo lattice-0123456789abcdef0 ;;
    esac; exit 0 ;;
esac
cli "$@"
`;

/** The CLI's model of EC2, with VolumeId of CreateReplaceRootVolumeTask where it is older than that. */
function models(dir: string): string {
  const botocore = execFileSync('python3', ['-c', 'import botocore; print(botocore.__path__[0])'], {
    encoding: 'utf8',
  }).trim();
  const place = join('ec2', '2016-11-15');
  const model = JSON.parse(
    gunzipSync(readFileSync(join(botocore, 'data', place, 'service-2.json.gz'))).toString(),
  ) as { shapes: Record<string, { members: Record<string, object> }> };
  model.shapes.CreateReplaceRootVolumeTaskRequest!.members.VolumeId ??= { shape: 'VolumeId' };
  mkdirSync(join(dir, place), { recursive: true });
  writeFileSync(join(dir, place, 'service-2.json'), JSON.stringify(model));
  return dir;
}

describeWith('scripts for what only AWS can show', 'aws', ['--version'], () => {
  let lab: Lab;
  let given: Record<string, string[]>;
  let sleeping: ReturnType<typeof createServer>;
  let data: string;
  let ahead = 0;

  beforeAll(async () => {
    data = models(folder());
    lab = await openLab(join(folder(), 'lab'), { host: nodeHost(), seeded: false, lockTimeout: 0 });
    const { region, s3: credentials } = lab.settings;
    const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
    const { subnet, group } = await apart(ec2);
    const windows = [{ Name: 'platform', Values: ['windows'] }];
    const [image] = (await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'], Filters: windows })))
      .Images!;
    const snapshot = image!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!;
    ec2.destroy();
    given = {
      'console-lines.sh': [subnet, group],
      'lattice-routes.sh': [],
      'licence-after-exchange.sh': [image!.ImageId!, subnet, group, snapshot],
      'own-resolver-rule.sh': [],
      'tear-down.sh': [subnet, group, 'arn:aws:iam::123456789012:role/converge-tear-down'],
    };
    // Who sleeps a second sleeps ten of the lab's.
    sleeping = createServer(async (request, response) => {
      ahead += Number(request.url!.slice(1)) * 10_000;
      await lab.command({ do: 'clock', offset: ahead });
      response.end();
    });
    await new Promise<void>(listening => sleeping.listen(0, '127.0.0.1', listening));
  });

  afterAll(async () => {
    sleeping?.close();
    await lab?.close();
  });

  async function run(script: string, args: string[], more: Record<string, string> = { ONLY_AWS_SPEND: '1' }) {
    const dir = folder();
    ahead = 0;
    await lab.command({ do: 'clock', offset: ahead });
    const { port } = sleeping.address() as AddressInfo;
    writeFileSync(join(dir, 'aws'), stand(dir), { mode: 0o755 });
    writeFileSync(
      join(dir, 'sleep'),
      `#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' "$1" >&3; cat <&3 >/dev/null\n`,
      { mode: 0o755 },
    );
    const { PATH = '' } = process.env;
    const { region, s3 } = lab.settings;
    const child = spawn('bash', [script, ...args], {
      env: {
        ...runMark,
        REAL: PATH,
        PATH: `${dir}:${PATH}`,
        HOME: tmpdir(),
        AWS_DATA_PATH: data,
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        AWS_ENDPOINT_URL: lab.api.url,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const from of [child.stdout, child.stderr]) from.on('data', piece => (said += piece));
    const status = await new Promise<number | null>(ended => child.on('close', ended));
    const calls = existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8') : '';
    return { status, said, calls };
  }

  /** What could cost something. */
  async function left() {
    const { ec2 } = (await lab.command({ do: 'show' })).data as { ec2: Ec2State };
    return {
      instances: Object.values(ec2.instances).filter(({ state }) => state !== 'terminated').length,
      volumes: Object.keys(ec2.volumes).length,
      vpcs: Object.values(ec2.vpcs).map(({ cidr }) => cidr),
      schedules: Object.keys(ec2.schedules).length,
    };
  }

  it('are all of them here, and are in the table of the documentation', () => {
    expect(shell.sort()).toEqual(Object.keys(given).sort());
    const page = readFileSync(join(scripts, '../../docs/recovery.md'), 'utf8');
    for (const name of shell) expect(page).toContain(`tools/only-aws/${name}`);
  });

  for (const name of shell) {
    const path = join(scripts, name);

    it(`${name} makes nothing before somebody agrees to what it costs`, async () => {
      execFileSync('bash', ['-n', path]);
      for (const spend of [
        {},
        { ONLY_AWS_SPEND: 'yes' },
        ...(name.startsWith('own') ? [] : [{ ONLY_AWS_SPEND: '0.01' }]),
      ])
        expect(await run(path, given[name]!, spend)).toEqual({
          status: 2,
          calls: '',
          said: expect.stringMatching(
            /^This makes .+ Set ONLY_AWS_SPEND=[\d.]+ to agree; nothing was made\.\n$/,
          ),
        });
    });

    it(`${name} comes to its end by the real AWS CLI, and leaves nothing`, { timeout: 600_000 }, async () => {
      const before = await left();
      const { status, said, calls } = await run(path, given[name]!);
      expect(said).not.toMatch(/NOT READ|NOT ENDED|usage|nvalid|nknown|rror/);
      // The lab has no VPC Lattice, so that no route of one is seen.
      const isUnseen = name === 'lattice-routes.sh';
      expect([status, said.includes('NOT SEEN')]).toEqual([isUnseen ? 1 : 0, isUnseen]);
      expect(calls).toMatch(/^sts get-caller-identity\n/);
      // The lab ends an instance when somebody has looked at it.
      await run('-c', ['aws ec2 describe-instances; aws ec2 describe-instances']);
      expect(await left()).toEqual(before);
    });
  }

  it('a script that fails half-way leaves nothing either', { timeout: 300_000 }, async () => {
    const before = await left();
    await lab.command({
      do: 'fault',
      on: 'ec2',
      rule: { kind: 'access-denied', operation: 'DescribeRouteTables' },
    });
    const { status, said } = await run(join(scripts, 'lattice-routes.sh'), []);
    expect([status, said]).toEqual([expect.any(Number), expect.stringContaining('UnauthorizedOperation')]);
    expect(status).not.toBe(0);
    expect(await left()).toEqual(before);
  });
});
