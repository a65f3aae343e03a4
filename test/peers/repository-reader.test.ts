import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { createKey } from '../../src/replication/format/keys.ts';
import type { DamageRecord } from '../../src/replication/model/damage-record.ts';
import type { LocksRecord } from '../../src/replication/model/object-lock.ts';
import { FOREVER } from '../../src/replication/model/object-lock.ts';
import { pause } from '../../src/replication/model/pauses.ts';
import { locksStore } from '../../src/replication/repository/locks-store.ts';
import type { OpenRepository } from '../../src/replication/repository/open-repository.ts';
import { hold } from '../../src/replication/retention/holds.ts';
import { declareRetention } from '../../src/replication/retention/in-force.ts';
import { lift, pin } from '../../src/replication/retention/pins.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { contextOf, pruneOnce } from '../support/prune.ts';
import { aLease, aMachine, commitImage, openTest, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const works = (file: string, ...args: string[]) => {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const reader = works('python3', '--version') && works('zstd', '--version');
const ciphers = reader && works('python3', '-c', 'import cryptography');
const folder = mkdtempSync(join(tmpdir(), 'converge-reader-'));
afterAll(() => rmSync(folder, { recursive: true }));
const K = 64 * 1024;

test.for<[string, ReturnType<typeof createKey> | undefined, boolean, string]>([
  ['plain', undefined, reader, 'python3 and zstd'],
  [
    'encrypted',
    createKey(new SeededRandom('reader')),
    ciphers,
    'python3 with its cryptography package, and zstd',
  ],
])(
  'a %s repository is read by a program written from the document alone',
  { timeout: 120_000 },
  async ([name, key, present, needs], { skip }) => {
    if (!present) {
      console.warn(`SKIPPED test/peers/repository-reader (${name}): needs ${needs}`);
      skip();
    }
    const directory = join(folder, name);
    const repository = await openTest(fileStore(directory, nodeHost()), key);
    const vm = repository.vm(VM.uuid);
    const random = new SeededRandom('image');
    const image = Buffer.alloc(4100 * K + 777);
    random.bytes(7 * K).copy(image);
    image.write('the end', image.length - 7);
    const kept = [2, 6, 12];
    const images = new Map<number, Buffer>();
    for (let n = 0; n < 12; n++) {
      Buffer.alloc(K, `cycle ${n} `).copy(image, (n + 2) * K);
      image.fill(0, n * K, (n + 1) * K);
      await commitImage(vm, image, {
        blocks: n === 0 ? [0, 1, 2, 3, 4, 5, 6, 4099, 4100] : [n, n + 2],
        ...(n > 1 && { point: { machine: aMachine }, bundle: Buffer.from('{"bundle":1}') }),
        ...(n === 5 && { bundle: 'none' }),
      });
      if (kept.includes(n + 1)) images.set(n + 1, Buffer.from(image));
    }
    const newest = (await vm.newest())!;
    await pin(repository, 'web/1', [{ vm: VM.uuid, point: newest.id }], 1);
    await pin(repository, 'db/2', [{ vm: VM.uuid, point: newest.id }], 2);
    await lift(repository, 'web/1');
    const args = key ? [join(folder, 'key')] : [];
    if (key) await writeFile(args[0]!, `${key.text}\n`);
    for (const generation of kept) {
      const output = join(folder, `${name}-${generation}.raw`);
      const script = join(import.meta.dirname, 'repository_reader.py');
      const command = [script, directory, VM.uuid, String(generation), '0', output, ...args];
      const said = execFileSync('python3', command, { encoding: 'utf8' }).trim();
      const [machine, bundle, ...pins] = said.split('\n');
      if (generation === 2) expect(machine).toBe('machine unknown');
      else expect(JSON.parse(machine!)).toEqual(aMachine);
      const bundles: Record<number, string> = {
        2: 'no bundle: made by a version that stored none',
        6: 'no bundle: nothing was declared',
        12: '{"bundle": 1}',
      };
      expect(bundle).toBe(bundles[generation]);
      expect(pins).toEqual(generation === 12 ? ['pinned by db/2'] : []);
      expect((await readFile(output)).equals(images.get(generation)!)).toBe(true);
    }
    // What no reader of disks needs, and whoever keeps a repository does.
    const record = await keepRecords(repository, random);
    const script = join(import.meta.dirname, 'repository_reader.py');
    const said = execFileSync('python3', [script, directory, VM.uuid, 'records', ...args], {
      encoding: 'utf8',
    });
    const read = new Map(
      said
        .trim()
        .split('\n')
        .map(line => [line.slice(0, line.indexOf(' ')), JSON.parse(line.slice(line.indexOf(' ') + 1))]),
    );
    const series = [...read].flatMap(([at, value]) => (at.startsWith('recovery/') ? Object.keys(value) : []));
    expect(series).toEqual(expect.arrayContaining(['pins', 'holds', 'pauses', 'retention']));
    expect(read.get([...read.keys()].find(at => at.startsWith('roster/'))!)).toEqual({ uuid: VM.uuid });
    const removed = [...read].filter(([at]) => at.startsWith('vms/VM/removed/'));
    expect(removed.length).toBeGreaterThan(0);
    for (const [, value] of removed) expect(Object.keys(value)).toEqual(['previous']);
    for (const [name, value] of Object.entries(record)) expect(read.get(`vms/VM/${name}`)).toEqual(value);
    expect(read.get('vms/VM/pruning')).toMatchObject({ pruning: 1, removing: [expect.any(String)] });
  },
);

/** Writes one of each record that can be there; answers with those that are one object, by its name. */
async function keepRecords(repository: OpenRepository, random: SeededRandom) {
  const vm = repository.vm(VM.uuid);
  const context = contextOf(repository);
  const id = random.bytes(16).toString('hex');
  const lease = { ...aLease(3), generation: 12, unfinished: true as const, claims: [id] };
  await vm.lease.write(lease, undefined);
  const damage: DamageRecord = {
    damage: 1,
    objects: [
      { object: `packs/${id.slice(0, 2)}/${id}`, why: 'missing', places: [[0, 0]], since: 5, attended: 12 },
    ],
    broken: [{ generation: 1, id }],
    suspect: [{ generation: 2, id }],
  };
  await vm.damage.write(damage, undefined);
  const locks: LocksRecord = {
    locks: 1,
    swept: 9,
    held: [{ until: 10, objects: ['/converge.json', `pages/${id}`] }],
  };
  await locksStore(context).write(locks, undefined);
  await hold(repository, { vm: VM.uuid, until: FOREVER, at: 1, why: 'incompressible' });
  await pause(repository, { vm: VM.uuid, why: 'paused', at: 1 });
  await declareRetention(repository, VM.uuid, { all: '24h' });
  await pruneOnce(repository, {
    now: Date.now(),
    policy: { all: 1 },
    pins: async () => new Map((await vm.points()).slice(1).map(one => [one.id, ['somebody']])),
  });
  return { lease, locks, damage: (await vm.damage.read())!.record };
}
