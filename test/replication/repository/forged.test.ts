import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../../src/io/node-files.ts';
import { type Kind, openObject, sealObject } from '../../../src/replication/format/sealing.ts';
import { vaultOf } from '../../../src/replication/format/vault.ts';
import { restore } from '../../../src/replication/restore/restore.ts';
import { verify } from '../../../src/replication/verify/verify.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { aLease, commitImage, openTest, VM } from '../../support/repository.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

/**
 * In a plain repository anybody who may write can give any content a right checksum. Whatever he writes, a
 * reader says which object is wrong: it neither crashes nor calls nothing a success.
 */
const K = 64 * 1024;
const vault = vaultOf(undefined);
const image = new SeededRandom('forged').bytes(3 * K);
type Json = Record<string, unknown>;

async function aRepository(): Promise<{ store: MemoryStore; folder: string }> {
  const store = memoryStore();
  const repository = await openTest(store);
  const vm = repository.vm(VM.uuid);
  await vm.lease.write(aLease(1), undefined);
  await commitImage(vm, image);
  return { store, folder: `vms/${vault.vmKey(VM.uuid)}/` };
}

/** Opens the objects of a kind, lets `change` forge what they hold, and seals them again. */
function forge(store: MemoryStore, kind: Kind, part: string, change: (payload: Buffer) => Buffer) {
  const keys = [...store.objects.keys()].filter(key => key.includes(part));
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) {
    const { bytes, modified } = store.objects.get(key)!;
    const payload = change(openObject(vault, kind, key, bytes, 2 ** 24));
    store.objects.set(key, {
      bytes: sealObject(vault, kind, key, bytes.subarray(16, 32), payload),
      modified,
    });
  }
}

/** The JSON of a root, changed; its page tables stay. */
const rootWith = (change: (json: Json) => unknown) => (payload: Buffer) => {
  const end = 4 + payload.readUInt32BE(0);
  const json = JSON.parse(payload.toString('utf8', 4, end)) as Json;
  const text = Buffer.from(JSON.stringify(change(json) ?? json));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, payload.subarray(end)]);
};

const disk = (change: Json) => (json: Json) => {
  Object.assign((json.disks as Json[])[0]!, change);
};

/** What a reader makes of it: the Failure's codes, or the images. */
async function outcome(store: MemoryStore): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'converge-forged-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  try {
    const repository = await openTest(store, undefined, 'reader');
    const points = await repository.vm(VM.uuid).points();
    for (const { time } of points) new Date(time).toISOString();
    await restore(repository, points.at(-1)!, {
      directory,
      files: nodeFiles,
      random: new SeededRandom('restore'),
      clock: new SteppedClock(),
    });
    const names = await readdir(directory);
    const right = names.length === 1 && (await readFile(join(directory, names[0]!))).equals(image);
    return right ? 'right' : `wrong: ${names}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map(({ code }) => code).join();
  }
}

const changes: [string, (json: Json) => unknown][] = [
  ['no object', () => []],
  ['null', () => 'null'],
  ['no disks', json => ({ ...json, disks: [] })],
  ['disks that are no list', json => ({ ...json, disks: { length: 1 } })],
  ['a disk that is null', json => ({ ...json, disks: [null] })],
  ['a disk of no bytes', disk({ bytes: 0 })],
  ['a disk of too many bytes', disk({ bytes: 2 ** 50 })],
  ['a disk of a part of a byte', disk({ bytes: 65536.5 })],
  ['an index that is a path', disk({ index: '../../etc/passwd' })],
  ['a block size that is none', disk({ block_size: 100_000 })],
  ['a block size as text', disk({ block_size: '65536' })],
  ['a label that is not text', disk({ label: { toString: 1 } })],
  ['a mode that is none', disk({ mode: 'magic' })],
  ['a number that is none', disk({ number: -1 })],
  ['a number to come', disk({ number: 7 })],
  ['the same disk twice', json => ({ ...json, disks: [...(json.disks as []), ...(json.disks as [])] })],
  ['a time that no calendar has', json => ({ ...json, time: 1e300 })],
  ['a time as text', json => ({ ...json, time: 'now' })],
  ['no VM', json => ({ ...json, vm: undefined })],
  ['another VM', json => ({ ...json, vm: { name: 'x', uuid: 'somebody-else' } })],
  ['a VM without a name', json => ({ ...json, vm: { uuid: VM.uuid } })],
  ['an id that is a path', json => ({ ...json, id: '../../../head' })],
  ['another generation', json => ({ ...json, generation: 2 ** 60 })],
  ['a consistency that is none', json => ({ ...json, consistency: 'perfect' })],
  ['nothing left out', json => ({ ...json, left_out: undefined })],
  ['a point before it that is newer', json => ({ ...json, previous: { generation: 9, id: json.id } })],
  ['a point before it that is a text', json => ({ ...json, previous: 'x' })],
  ['pages objects that are no list', json => ({ ...json, pages_objects: 3 })],
  ['a pages object that is a path', json => ({ ...json, pages_objects: [['../../../converge.json', 100]] })],
  [
    'a pages object of no size',
    json => ({ ...json, pages_objects: (json.pages_objects as [string][]).map(([id]) => [id]) }),
  ],
  ['a bundle that is a text', json => ({ ...json, bundle: 'x' })],
  [
    'a bundle that is a path',
    json => ({ ...json, bundle: { id: '../../../converge.json', digest: '0'.repeat(64), bytes: 100 } }),
  ],
  [
    'a bundle of too many bytes',
    json => ({ ...json, bundle: { id: '0'.repeat(32), digest: '0'.repeat(64), bytes: 2 ** 40 } }),
  ],
  ['no segments', json => ({ ...json, segments: null })],
  [
    'a segment that is a path',
    json => ({ ...json, segments: [{ generation: 1, id: '/', bytes: 1, footer: 0 }] }),
  ],
  ['a next number as text', json => ({ ...json, next_number: '1' })],
];

describe.each(['point', 'head'] as const)('a forged %s', kind => {
  test.each(changes)('with %s is damaged, and nothing is restored', async (_, change) => {
    const { store, folder } = await aRepository();
    forge(store, kind, `${folder}${kind === 'head' ? 'head' : 'points/'}`, rootWith(change));
    if (kind === 'point') store.objects.delete(`${folder}head`);
    expect(await outcome(store)).toBe('damaged-object');
    const { problems } = await verify(await openTest(store, undefined, 'verifier'));
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'damaged' }));
  });

  test('with bytes behind its page tables, or some of them missing', async () => {
    for (const change of [
      (payload: Buffer) => Buffer.concat([payload, Buffer.of(0)]),
      (payload: Buffer) => payload.subarray(0, -1),
      (payload: Buffer) => Buffer.concat([Buffer.of(255, 255, 255, 255), payload.subarray(4)]),
      () => Buffer.alloc(0),
    ]) {
      const { store, folder } = await aRepository();
      forge(store, kind, `${folder}${kind === 'head' ? 'head' : 'points/'}`, change);
      if (kind === 'point') store.objects.delete(`${folder}head`);
      expect(await outcome(store)).toBe('damaged-object');
    }
  });

  test.each([
    ['offset', 4, 0],
    ['offset', 4, 2 ** 32 - 1],
    ['length', 8, 0],
    ['length', 8, 16],
    ['object', 0, 99],
  ])('whose page table has %s at byte %d as %d', async (_, at, value) => {
    const { store, folder } = await aRepository();
    const change = (payload: Buffer) => {
      const table = 4 + payload.readUInt32BE(0);
      payload.writeUInt32BE(value, table + 1 + at);
      return payload;
    };
    forge(store, 'head', `${folder}head`, change);
    forge(store, 'point', `${folder}points/`, change);
    expect(await outcome(store)).toMatch(/^damaged-object$/);
    const { points, problems } = await verify(await openTest(store, undefined, 'verifier'));
    expect(points.filter(({ whole }) => whole)).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
  });
});

test.each<[string, (text: Json) => unknown]>([
  ['null', () => null],
  ['no object', () => 7],
  ['no holder', lease => ({ ...lease, holder: undefined })],
  ['a holder that is a text', lease => ({ ...lease, holder: 'me' })],
  ['an epoch without a next one', lease => ({ ...lease, epoch: 2 ** 60 })],
  ['an end that no calendar has', lease => ({ ...lease, expires: 1e300 })],
  ['a snapshot that is none', lease => ({ ...lease, snapshot: [] })],
])('a forged lease with %s is damaged', async (_, change) => {
  const { store, folder } = await aRepository();
  forge(store, 'lease', `${folder}lease`, payload =>
    Buffer.from(JSON.stringify(change(JSON.parse(payload.toString()) as Json))),
  );
  const vm = (await openTest(store, undefined, 'reader')).vm(VM.uuid);
  await expect(vm.lease.read()).rejects.toMatchObject({ diagnostics: [{ code: 'damaged-object' }] });
  expect(await outcome(store)).toBe('right');
});

test.each([['null'], ['7'], ['{}'], ['{"uuid":7}'], ['{"uuid":"somebody-else"}'], ['{']])(
  'a forged roster entry %s is damaged',
  async text => {
    const { store } = await aRepository();
    forge(store, 'roster', 'roster/', () => Buffer.from(text));
    const repository = await openTest(store, undefined, 'reader');
    await expect(repository.vms()).rejects.toMatchObject({ diagnostics: [{ code: 'damaged-object' }] });
    const { problems } = await verify(repository);
    expect(problems).toMatchObject([{ kind: 'damaged', object: expect.stringContaining('roster/') }]);
  },
);

test.each<[string, unknown]>([
  ['a text', 'AES'],
  ['keys that are no list', { cipher: 'AES-256-GCM', keys: 5 }],
  ['a key that is null', { cipher: 'AES-256-GCM', keys: [null] }],
  [
    'a master key that is too short',
    { cipher: 'AES-256-GCM', keys: [{ key_id: '00000000', nonce: '', master: '' }] },
  ],
  ['another cipher', { cipher: 'ROT13', keys: [] }],
  ['false', false],
])('a forged configuration whose encryption is %s is damaged', async (_, encryption) => {
  const { store } = await aRepository();
  const { format, id } = JSON.parse(store.objects.get('converge.json')!.bytes.toString()) as Json;
  const checksum = hash('sha256', JSON.stringify([format, id, encryption]));
  const bytes = Buffer.from(JSON.stringify({ format, id, encryption, checksum }));
  store.objects.set('converge.json', { bytes, modified: 0 });
  expect(await outcome(store)).toBe('damaged-object');
});
