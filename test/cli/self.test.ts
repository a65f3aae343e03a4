import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { environment, hurried, instanceId, labInstance, manifest, self } from '../support/lab-instance.ts';
import { zip } from '../support/zip.ts';

describe('apply --self', () => {
  test('makes the instance what was signed for its environment; again there is nothing to do', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one of ${facts.beanstalk.environment_name}'), ['--sequence', '7']);
    const first = await lab.apply();
    expect(first.code, first.stderr).toBe(0);
    expect(await lab.host()).toBe('one of shop-prod');
    const second = await lab.apply(['--detailed-exitcodes']);
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') });
    expect(await lab.report(await lab.userId())).toMatchObject({
      instance: instanceId,
      environment,
      trigger: 'apply',
      result: 'converged',
      changed: 0,
      content: { name: 'shop-prod.yaml', sequence: 7, from: 's3' },
      failures: [],
    });
    const log = await lab.host('/var/log/converge.log');
    expect(log).toMatch(/^--- \S+ apply --self s3:\/\/cust-data\n/);
    expect(log).toContain('Applied: 1 change');
    expect(log?.match(/--- exit code 0/g)).toHaveLength(2);
  });

  test('a bundle brings modules, data of the environment, sources and types, read from its bytes alone', async () => {
    const lab = await labInstance();
    const files = {
      'site.yaml':
        'converge: 1\nresources:\n  place: { shop: {} }\n  file: { /srv/logo: { source: files/logo } }\n  note: { one: {} }\n',
      'modules/place/module.yaml':
        'converge: 1\nparameters: {}\nresources: { file: { /srv/it: { content: "${data.word}" } } }\n',
      'data/common.yaml': 'word: common\n',
      'data/shop-prod.yaml': 'word: production\n',
      'files/logo': 'from the bundle',
      'types/note.js': `export default { name: 'note', doc: 'Notes.', version: 1, schema: { type: 'object', properties: {} },
        runs: { on: 'host' }, realm: { name: 'note', concurrency: 1 }, identity: (_, title) => title, desired: () => ({}),
        observe: async asked => new Map(asked.map(({ id }) => [id, { state: 'present', value: {} }])),
        apply: async () => new Map() };`,
    };
    const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
    await lab.publish(zip(entries), [], 'web.zip');
    const { code, stderr } = await lab.apply();
    expect(code, stderr).toBe(0);
    expect(await lab.host()).toBe('production');
    expect(await lab.host('/srv/logo')).toBe('from the bundle');
    expect(await lab.state('content/site.yaml')).toBeUndefined();
  });

  test('what is on the disk beside it is not part of signed content', async () => {
    const lab = await labInstance();
    await lab.publish('converge: 1\nresources: { file: { /srv/it: { source: files/logo } } }\n');
    await lab.apply();
    for (const root of ['.', `lab/state/${instanceId}/content`]) {
      await mkdir(join(lab.dir, root, 'files'), { recursive: true });
      await writeFile(join(lab.dir, root, 'files/logo'), 'planted');
    }
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("files/logo isn't there"),
    });
    expect(await lab.host()).toBeUndefined();
  });

  test.each([
    ['that leads out', [{ name: '../web.yaml', content: manifest('x') }], 'leads out of its folder'],
    ['that is damaged', [{ name: 'web.yaml', content: manifest('x'), lies: { crc: 1 } }], 'another checksum'],
    ['of links', [{ name: 'web.yaml', content: '/etc/passwd', mode: 0o120777 }], 'is a link'],
    [
      'that would fill the memory',
      [{ name: 'web.yaml', content: 'x', lies: { size: 2 ** 31 } }],
      'more than the',
    ],
  ])('a signed bundle %s changes nothing', async (_, entries, message) => {
    const lab = await labInstance();
    await lab.publish(zip(entries), [], 'web.zip');
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining(message) });
    expect(await lab.host()).toBeUndefined();
  });

  test('of a selection nobody knows that the rest converges: it is not kept as known good', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    expect(await lab.apply(['--only', 'file'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await lab.state('instance.json'))!).applied).toBeUndefined();
    expect(await lab.state('last-known-good/content')).toBeUndefined();
    await lab.apply();
    expect(await lab.state('last-known-good/content')).toBe(manifest('one'));
  });

  test('a state folder that others can write is not believed', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    await mkdir(join(lab.dir, 'state', instanceId), { recursive: true });
    await chmod(join(lab.dir, 'state', instanceId), 0o777);
    const { code, stderr } = await lab.apply(['--state', 'state']);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('can be written by others'),
    });
    expect(await lab.host()).toBeUndefined();
    await chmod(join(lab.dir, 'state', instanceId), 0o700);
    expect(await lab.apply(['--state', 'state'])).toMatchObject({ code: 0 });
  });

  test('--noop remembers nothing and reports nothing', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    expect(await lab.apply(['--noop'])).toMatchObject({ code: 0 });
    expect(await lab.host()).toBeUndefined();
    expect(await lab.state('instance.json')).toBeUndefined();
    expect(await lab.report(await lab.userId())).toBeUndefined();
  });
});

describe('refused, and everything is as it was', () => {
  /** Each begins with content of sequence 7 in force. */
  async function inForce() {
    const lab = await labInstance();
    await lab.publish(manifest('seven'), ['--sequence', '7']);
    expect(await lab.apply()).toMatchObject({ code: 0 });
    return lab;
  }
  type Lab = Awaited<ReturnType<typeof inForce>>;
  const put = (lab: Lab, key: string, bytes: Buffer | string) =>
    lab.bucket(bucket => bucket.put(key, Buffer.from(bytes)));
  const otherKey = async (lab: Lab) => {
    await cli(lab.dir, ['sign', '--new-key', 'other']);
    await lab.publish(manifest('eight'));
    const flags = ['--environment', environment, '--key', 'file:other.key'];
    await lab.run(['sign', 'web.yaml', ...flags, '--to', 's3://cust-data/']);
  };
  const changedFile = async (lab: Lab) => {
    await lab.publish(manifest('eight'));
    await put(lab, 'shop-prod.yaml', manifest('evil!'));
  };
  const changedSignature = async (lab: Lab) => {
    await lab.publish(manifest('eight'));
    await lab.bucket(async bucket => {
      const found = await bucket.get('shop-prod.sig');
      if (!found || found === 'unchanged') throw new Error('no signature');
      const envelope = JSON.parse(found.bytes.toString());
      const payload = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
      envelope.payload = Buffer.from(JSON.stringify({ ...payload, sequence: 99 })).toString('base64');
      await bucket.put('shop-prod.sig', Buffer.from(JSON.stringify(envelope)));
    });
  };
  const forAnother = async (lab: Lab) => {
    await writeFile(join(lab.dir, 'web.yaml'), manifest('eight'));
    const flags = ['--environment', 'shop-test', '--key', 'file:deploy.key'];
    await cli(lab.dir, ['sign', 'web.yaml', ...flags]);
    await put(lab, 'shop-prod.sig', await readFile(join(lab.dir, 'shop-test.sig')));
    await put(lab, 'shop-prod.yaml', manifest('eight'));
  };
  const older = (lab: Lab) => lab.publish(manifest('six'), ['--sequence', '6']);
  const expired = async (lab: Lab) => {
    await lab.publish(manifest('eight'), ['--expires', '1d']);
    await lab.run(['lab', 'clock', '2d']);
  };
  const newer = (lab: Lab) => lab.publish(manifest('eight'), ['--minimum-version', '99.0.0']);
  const mistake = (lab: Lab) => lab.publish('converge: 1\nresources: { fil: { /srv/it: {} } }\n');

  test.each<[string, (lab: Lab) => Promise<unknown>, string, number]>([
    ['a signature of an unknown key', otherKey, 'signature-unknown-key', 4],
    ['changed content', changedFile, 'content-changed', 4],
    ['a changed signature', changedSignature, 'signature-wrong', 4],
    ['what was signed for another environment', forAnother, 'signed-for-another', 4],
    ['a lower sequence', older, 'older-sequence', 8],
    ['an expired signature', expired, 'signature-expired', 4],
    ['what needs a newer converge', newer, 'wrong-version', 4],
    ['a manifest with a mistake', mistake, 'unknown-type', 1],
  ])('%s', async (_, spoil, code, exit) => {
    const lab = await inForce();
    await spoil(lab);
    const clock = hurried();
    const result = await lab.apply([], { clock });
    expect(result.stderr).toContain(`error[${code}]`);
    expect(result.code).toBe(exit);
    expect(await lab.host()).toBe('seven');
    const report = await lab.report(await lab.userId());
    expect(report).toMatchObject({ result: 'failed', changed: 0 });
    expect(report?.failures).toHaveLength(1);
  });

  test('D10: what has expired stays expired when the clock is put back, and what is signed later is taken', async () => {
    const lab = await inForce();
    await lab.publish(manifest('eight'), ['--expires', '1d']);
    await lab.run(['lab', 'clock', '300d']);
    expect((await lab.apply()).stderr).toContain('error[signature-expired]');
    await lab.run(['lab', 'clock', '0s']);
    const back = await lab.apply();
    expect(back.code).toBe(4);
    expect(back.stderr).toMatch(
      /error\[signature-expired\].*; this machine's clock says \S+, but its last run was at/,
    );
    expect(await lab.host()).toBe('seven');
    // One run with a clock that is far ahead doesn't make everything expire.
    await lab.publish(manifest('nine'), ['--expires', '3d']);
    expect(await lab.apply()).toMatchObject({ code: 0 });
    expect(await lab.host()).toBe('nine');
  });

  test('D10: nor is what was taken while it was valid taken again before that time', async () => {
    const lab = await inForce();
    await lab.publish(manifest('eight'), ['--expires', '1d']);
    await lab.run(['lab', 'clock', '20h']);
    expect(await lab.apply()).toMatchObject({ code: 0 });
    const time = async () => JSON.parse((await lab.state('instance.json'))!).time as string;
    const then = await time();
    expect(Date.parse(then) - Date.now()).toBeGreaterThan(19 * 3_600_000);
    await lab.run(['lab', 'clock', '0s']);
    expect(await lab.apply()).toMatchObject({ code: 0 });
    expect(await time()).toBe(then);
  });

  test('a rollback that is signed as one is taken, and what it replaced is not any more', async () => {
    const lab = await inForce();
    await lab.publish(manifest('six'), ['--sequence', '6', '--replaces-up-to', '7']);
    expect(await lab.apply()).toMatchObject({ code: 0 });
    expect(await lab.host()).toBe('six');
    await lab.publish(manifest('seven'), ['--sequence', '7']);
    expect(await lab.apply()).toMatchObject({ code: 8 });
    expect(await lab.host()).toBe('six');
  });

  test('a signature that is missing', async () => {
    const lab = await labInstance();
    await put(lab, 'shop-prod.yaml', manifest('one'));
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining('nothing signs it') });
    expect(await lab.host()).toBeUndefined();
  });

  test('content that is missing, and a bucket that is', async () => {
    const lab = await labInstance();
    expect((await lab.apply()).stderr).toContain('has nothing for the environment shop-prod');
    const elsewhere = await lab.run(['apply', '--self', 's3://not-there/']);
    expect(elsewhere).toMatchObject({ code: 4, stderr: expect.stringContaining('not-there does not exist') });
  });

  test('a machine that is not an instance, and one that belongs to no environment', async () => {
    const lab = await labInstance();
    await lab.run(['lab', 'instance', '--tag', 'team=web']);
    const tagless = await lab.apply();
    expect(tagless).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('no tag elasticbeanstalk:environment-name'),
    });
    await lab.run(['lab', 'instance', '--metadata', 'off']);
    expect((await lab.apply()).stderr).toContain('metadata is turned off');
    const nowhere = await cli(await scratch(), ['apply', ...self]);
    expect(nowhere).toMatchObject({ code: 4, stderr: expect.stringContaining('error[not-on-ec2]') });
    expect(await lab.state('instance.json')).toBeUndefined();
  });

  test('no trusted key, and one that others could have put there', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    const key = join(lab.dir, 'lab/host/etc/converge/trust/deploy.pub');
    await chmod(key, 0o666);
    expect((await lab.apply()).stderr).toContain('can be written by others');
    await rm(key);
    expect((await lab.apply()).stderr).toContain('no key is trusted');
    expect(await lab.host()).toBeUndefined();
    expect(await lab.apply(['--trust', 'deploy.pub'])).toMatchObject({ code: 0 });
  });

  test('arguments that do not go together', async () => {
    const dir = await scratch();
    for (const [args, code] of [
      [['apply', 'web.yaml', ...self], 'self-alone'],
      [['apply', 'web.yaml', '--insecure-unsigned'], 'self-missing'],
      [['apply', '--self', 'https://cust-data/', '--lab', 'lab'], 'content-url'],
    ] as const)
      expect(await cli(dir, [...args])).toMatchObject({ stderr: expect.stringContaining(code) });
  });
});

describe('unsigned content', () => {
  test('is taken when that is asked for, and every report says so', async () => {
    const lab = await labInstance();
    await lab.bucket(bucket => bucket.put('shop-prod.yaml', Buffer.from(manifest('anybody'))));
    const { code, stderr } = await lab.apply(['--insecure-unsigned']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('warning[unsigned-content]');
    expect(await lab.host()).toBe('anybody');
    const told = await lab.report(await lab.userId());
    expect(told?.content).toEqual({ name: 'shop-prod.yaml', sha256: expect.any(String), from: 's3' });
    const reports = join(lab.dir, 'lab/state', instanceId, 'reports');
    const [name] = await readdir(reports);
    expect(JSON.parse(await readFile(join(reports, name!), 'utf8')).content).toMatchObject({ signed: false });
    expect(await lab.apply(['--insecure-unsigned', '--trust', 'deploy.pub'])).toMatchObject({ code: 1 });
  });
});

describe('while S3 is out of reach', () => {
  const away = (lab: Awaited<ReturnType<typeof labInstance>>) =>
    lab.run(['lab', 'fault', 'reset', '--on', 's3', '--times', '99']);

  test('what converged last is applied again, after it was verified', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    await lab.apply();
    await writeFile(join(lab.dir, 'lab/host/srv/it'), 'drifted');
    await away(lab);
    const { code, stderr } = await lab.apply([], { clock: hurried() });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('kept here from an earlier run');
    expect(await lab.host()).toBe('one');
    await writeFile(join(lab.dir, 'lab/state', instanceId, 'last-known-good/content'), manifest('evil'));
    await away(lab);
    const changed = await lab.apply([], { clock: hurried() });
    expect(changed).toMatchObject({ code: 4, stderr: expect.stringContaining('error[content-changed]') });
    expect(await lab.host()).toBe('one');
  });

  test('or nothing is, when that was asked for or nothing is kept', async () => {
    const lab = await labInstance();
    await away(lab);
    expect((await lab.apply([], { clock: hurried() })).stderr).toContain('error[nothing-kept]');
    await lab.run(['lab', 'fault', 'clear', '--on', 's3']);
    await lab.publish(manifest('one'));
    await lab.apply();
    await away(lab);
    const { code, stderr } = await lab.apply(['--on-unreachable', 'fail'], { clock: hurried() });
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining('aws-unreachable') });
  });
});

describe("the instance's role", () => {
  test('that may not read is told which permission it lacks', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    await writeFile(join(lab.dir, 'none.json'), '{"Version":"2012-10-17","Statement":[]}');
    await lab.run(['lab', 'instance', '--policy', 'none.json']);
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Allow s3:GetObject'),
    });
    expect(await lab.host()).toBeUndefined();
  });

  test('that may not report converges all the same, and says what is missing', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    const { stdout } = await lab.run(['lab', 'instance']);
    expect(stdout).toContain('may s3:PutObject on arn:aws:s3:::*/reports/shop-prod/${aws:userid}.json');
    const printed = await cli(lab.dir, ['instance-policy', environment, ...self]);
    const policy = JSON.parse(printed.stdout);
    await writeFile(
      join(lab.dir, 'read.json'),
      JSON.stringify({ ...policy, Statement: policy.Statement.slice(0, 1) }),
    );
    await lab.run(['lab', 'instance', '--policy', 'read.json']);
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Allow s3:PutObject'),
    });
    expect(await lab.host()).toBe('one');
  });

  test.each(['s3://cust-*/', 's3://cust-data/web?/', 's3://cust-data/${aws:userid}/'])(
    '`instance-policy` gives no role more than its own: %s',
    async url => {
      const printed = await cli(await scratch(), ['instance-policy', environment, '--self', url]);
      expect(printed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('many names') });
    },
  );

  test('needs no more than `instance-policy` prints', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'));
    const { stdout } = await cli(lab.dir, ['instance-policy', environment, ...self]);
    await writeFile(join(lab.dir, 'policy.json'), stdout);
    await lab.run(['lab', 'instance', '--policy', 'policy.json']);
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining('warning') });
    expect(await lab.report(await lab.userId())).toMatchObject({ result: 'converged' });
  });
});

test('an image of its disk carries nothing over to another instance', async () => {
  const lab = await labInstance();
  await lab.publish(manifest('seven'), ['--sequence', '7']);
  await lab.apply();
  await lab.publish(manifest('six'), ['--sequence', '6']);
  expect(await lab.apply()).toMatchObject({ code: 8 });
  const another = 'i-0aaaaaaaaaaaaaaaa';
  await lab.run(['lab', 'instance', '--id', another]);
  expect(await lab.apply()).toMatchObject({ code: 0 });
  expect(await lab.host()).toBe('six');
  expect(await lab.report(await lab.userId(another))).toMatchObject({ instance: another });
});
