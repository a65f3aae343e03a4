import { spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { startVsphere } from '../../src/lab/vsphere/server.ts';
import { bringHome, type Destination, lookAhead } from '../../src/recovery/failback/failback.ts';
import { type Newly, usable } from '../../src/recovery/failback/new-machine.ts';
import type { MachineMaker } from '../../src/replication/model/source.ts';
import { connectVsphere } from '../../src/vsphere/client/connect.ts';
import { failureOf } from '../vsphere/scripted-server.ts';
import { away, files, size } from './away.ts';
import { sha256 } from './fixture.ts';

const qemuImg = spawnSync('qemu-img', ['--version']).error === undefined;
if (!qemuImg) console.warn('SKIPPED: a new VM at home: no qemu-img in PATH (.ci/peers.d/nbd.sh)');

const host = nodeHost();

/** What the lab's vCenter is at home, and the way of a machine there as a new one. */
async function home() {
  const world = await away();
  const dir = join(world.dir, 'home-lab');
  const scratch = join(world.dir, 'scratch');
  await mkdir(scratch);
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead, sleep: host.clock.sleep };
  const tls = await labCertificates(dir, host.clock, host.random);
  const lab = await startVsphere({
    dir: join(dir, 'vsphere'),
    credentials: { username: 'svc', password: 'pw' },
    tls: { key: tls.keyPem, cert: tls.certPem },
    clock,
    random: host.random,
  });
  const client = await connectVsphere({
    url: lab.url,
    username: 'svc',
    password: async () => 'pw',
    ca: tls.caPem,
    clock: host.clock,
  });
  onTestFinished(async () => {
    await client.close();
    await lab.close();
  });
  /** A killed run ends nothing: what it had made is left as it was. */
  let dead = false;
  const maker: MachineMaker = {
    ...client.maker,
    begin: async (...of) => {
      const going = await client.maker.begin(...of);
      return { ...going, abort: async () => (dead ? undefined : going.abort()) };
    },
  };
  const where = (name: string, more: Partial<Newly> = {}): Destination => ({
    to: 'new-vm',
    newly: {
      name,
      maker,
      files,
      scratch,
      wanted: { networks: [] },
      pack: async (raw, to) => {
        const args = ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, to];
        expect(spawnSync('qemu-img', args).status).toBe(0);
      },
      ...more,
    },
  });
  const bring = async (name: string, killedAt?: string, more?: Partial<Newly>) =>
    bringHome(
      await world.options(async step => {
        if (step !== killedAt) return;
        dead = true;
        throw new Error('killed');
      }),
      where(name, more),
    );
  return {
    ...world,
    lab: lab.world,
    client,
    scratch,
    where,
    bring,
    /** Time passes, and another run begins. */
    later: () => {
      ahead += 400_000;
      dead = false;
    },
    content: (name: string) => lab.world.read(name, 0, 0, size),
  };
}

test('what has the name at home is gone on with, made anew, or in the way', () => {
  const machine = { name: 'web01', mark: 'converge/web/1' } as Parameters<typeof usable>[0];
  const made = (more: object) =>
    usable(machine, { uuid: 'u', mark: machine.mark, poweredOn: false, finished: true, ...more });
  expect(usable(machine, undefined)).toBeUndefined();
  expect(made({})).toBe('u');
  expect(made({ finished: false })).toBeUndefined();
  expect(() => made({ poweredOn: true })).toThrow('there is a VM web01 at home already (u), and it runs');
  for (const mark of [undefined, 'converge/web/2'])
    expect(() => made({ mark })).toThrow('there is a VM web01 at home already (u)');
});

describe.skipIf(!qemuImg)('as a new VM', () => {
  test('it has the disks in EC2 byte for byte and is what the record says; what is in the way is left alone', async () => {
    const { lab, bring, where, options, content, expected, held, scratch } = await home();
    await lab.addVm({ name: 'web01', disks: [{ bytes: 512 }] });
    await lab.setPower('web01', 'poweredOff');
    for (const go of [async () => lookAhead(await options(), where('web01')), async () => bring('web01')])
      expect((await failureOf(go())).diagnostics).toMatchObject([
        { code: 'new-vm-there', message: expect.stringContaining('a VM web01 at home already') },
      ]);
    const lost = where('web02', { wanted: { pool: 'no', datastore: 'datastore2', networks: ['x', 'y'] } });
    const messages = (await failureOf(lookAhead(await options(), lost))).diagnostics.map(one => one.message);
    expect(messages).toEqual([
      'vSphere has no resource pool no',
      'vSphere has no datastore datastore2',
      '2 networks were named for 1 network cards',
    ]);
    const seen = await lookAhead(await options(), where('web02'));
    expect(seen.disks).toMatchObject([{ mode: 'whole', why: 'the new machine has nothing yet' }]);

    const { bytes } = await bring('web02');
    expect(bytes).toBeGreaterThan(0);
    expect(sha256(await content('web02'))).toBe(sha256(expected));
    const made = lab.vms().find(({ name }) => name === 'web02')!;
    expect(made).toMatchObject({ powerState: 'poweredOff', disks: [{ key: 2000, bytes: size }], folder: '' });
    expect(await readdir(scratch)).toEqual([]);
    // The old one may not become the newest again before all of it is undone.
    expect(await held()).toBeDefined();
    expect((await failureOf(bring('web03'))).message).toContain('was brought home as web02 already');
    expect(lab.vms().map(({ name }) => name)).toEqual(['web01', 'web02']);
  });

  test.for(['named', 'import', 'send-0', 'complete', 'compare', 'finish', 'brought'])(
    'killed before %s: the same goes on, and one VM is there, whole',
    async step => {
      const { lab, bring, later, content, expected, client } = await home();
      await expect(bring('web02', step)).rejects.toThrow('killed');
      later();
      await bring('web02');
      expect(lab.vms().map(({ name }) => name)).toEqual(['web02']);
      expect(sha256(await content('web02'))).toBe(sha256(expected));
      expect(await client.maker.named('web02')).toMatchObject({ finished: true });
    },
  );

  test('half made under another name: it goes, by its mark; a lease that is lost leaves nothing', async () => {
    const { lab, bring, later, expected, content } = await home();
    await expect(bring('web02', 'compare')).rejects.toThrow('killed');
    expect(lab.vms().map(({ name }) => name)).toEqual(['web02']);
    later();
    await expect(
      bring('web03', undefined, { pack: () => Promise.reject(new Error('no room')) }),
    ).rejects.toThrow('no room');
    expect(lab.vms()).toEqual([]);
    await bring('web03');
    expect(sha256(await content('web03'))).toBe(sha256(expected));
  });

  test('one that somebody started before it was compared is left alone', async () => {
    const { lab, bring, later } = await home();
    await expect(bring('web02', 'brought')).rejects.toThrow('killed');
    await lab.setPower('web02', 'poweredOn');
    later();
    expect((await failureOf(bring('web02'))).message).toContain('and it runs');
    await lab.write('web02', 0, 1000, Buffer.from('it ran'));
    await lab.setPower('web02', 'poweredOff');
    expect((await failureOf(bring('web02'))).message).toContain("isn't what it is in EC2");
    expect(lab.vms().map(({ name }) => name)).toEqual(['web02']);
  });
});
