import { createHash } from 'node:crypto';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import type { BlockSource } from '../../src/replication/model/source.ts';
import { readDisks } from '../../src/vsphere/inventory/devices.ts';
import { neededFor } from '../../src/vsphere/inventory/privileges.ts';
import { openDatastoreDisk } from '../../src/vsphere/snapshots/datastore.ts';
import { parseXml } from '../../src/vsphere/soap/xml.ts';
import { readFrom } from '../support/read-from.ts';
import { connected, failureOf, quickClock, type Received, type Reply } from './scripted-server.ts';
import { type DiskShape, devices, disk } from './wire.ts';

const FILE = 'GET /folder/dc02/dc02-flat.vmdk';
const MIB = 1 << 20;
const content = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i += 512) createHash('sha256').update(String(i)).digest().copy(bytes, i);
  return bytes;
};

/** A right answer to a range request, as RFC 9110 section 15.3.7 has it. */
function ranged(file: Buffer, { headers }: Received): Exclude<Reply, string> {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')!.map(Number);
  return {
    status: 206,
    headers: { 'content-range': `bytes ${from}-${to}/${file.length}` },
    body: file.subarray(from, to! + 1),
  };
}

interface Opening {
  shape?: DiskShape;
  file?: Buffer;
  datacenter?: string;
  path?: string;
  answer?: (call: Received, right: Exclude<Reply, string>) => Reply;
}

async function open(o: Opening = {}) {
  const file = o.file ?? content(MIB);
  const clock = quickClock();
  const script = {
    [o.path ?? FILE]: (call: Received) => {
      const right = ranged(file, call);
      return o.answer ? o.answer(call, right) : right;
    },
  };
  const { server, session } = await connected(script, clock);
  const [frozen] = readDisks(parseXml(devices(disk({ capacity: String(file.length), ...o.shape }))));
  const vm = { name: 'dc02', datacenter: o.datacenter ?? 'DC' };
  const source: Promise<BlockSource> = openDatastoreDisk(session, vm, frozen!, pLimit(4));
  return { server, clock, source };
}

it('probes one byte of the flat file beside the descriptor, in the session', async () => {
  const { server, source } = await open({ datacenter: 'EU%2fWest/DC 1' });
  expect((await source).size).toBe(MIB);
  const probe = server.received.at(-1)!;
  expect(probe.url).toBe('/folder/dc02/dc02-flat.vmdk?dcPath=EU%252fWest%2FDC%201&dsName=ds%20one');
  expect(probe.headers).toMatchObject({
    range: 'bytes=0-0',
    'accept-encoding': 'identity',
    cookie: expect.stringMatching(/^vmware_soap_session=/),
  });
});

it('encodes names', async () => {
  const fileName = '[ds #1] a b&amp;c/50%?.vmdk';
  const { server, source } = await open({
    shape: { fileName },
    path: 'GET /folder/a%20b%26c/50%25%3F-flat.vmdk',
  });
  await source;
  expect(server.received.at(-1)!.url).toContain('dsName=ds%20%231');
});

it('gives exactly the bytes asked for, wherever they lie', async () => {
  const file = content(4096 + 17);
  const source = await (await open({ file })).source;
  const range = fc
    .tuple(fc.nat(file.length), fc.nat(file.length))
    .map(([a, b]) => [Math.min(a, b), Math.abs(a - b)] as const);
  await fc.assert(
    fc.asyncProperty(range, async ([offset, length]) => {
      expect((await readFrom(source, offset, length)).equals(file.subarray(offset, offset + length))).toBe(
        true,
      );
    }),
    { numRuns: 30 },
  );
});

it('asks for at most 2 MiB at once', async () => {
  const file = content(5 * MIB + 512);
  const { server, source } = await open({ file });
  const read = await readFrom(await source, 0, file.length);
  expect(read.equals(file)).toBe(true);
  expect(
    server.received
      .filter(r => r.method === FILE)
      .map(r => r.headers.range)
      .sort(),
  ).toEqual(['bytes=0-0', 'bytes=0-2097151', 'bytes=2097152-4194303', 'bytes=4194304-5243391']);
});

it.each([
  [MIB, 1],
  [0, MIB + 1],
  [-1, 1],
  [0.5, 1],
])('refuses to read past the end: %d + %d', async (offset, length) => {
  const source = await (await open()).source;
  await expect(readFrom(source, offset, length)).rejects.toThrow(RangeError);
});

describe('what must not be read this way, refused before any request', () => {
  const parent =
    '<parent xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds one] dc02/dc02.vmdk</fileName></parent>';
  it.each<[string, DiskShape, RegExp]>([
    [
      'a delta on a parent',
      { fileName: '[ds one] dc02/dc02-000001.vmdk', parent },
      /dc02-000001\.vmdk is a delta/,
    ],
    [
      'a sparse disk',
      { backing: 'VirtualDiskSeSparseBackingInfo' },
      /VirtualDiskSeSparseBackingInfo, not a flat file/,
    ],
    ['a virtual RDM', { backing: 'VirtualDiskRawDiskMappingVer1BackingInfo' }, /not a flat file/],
    ['an encrypted disk', { more: '<keyId><keyId>k</keyId></keyId>' }, /encrypted/],
    ['an independent disk', { mode: 'independent_persistent' }, /independent/],
    ['a path that climbs', { fileName: '[ds one] ../other/x.vmdk' }, /not a datastore path/],
    ['no path', { fileName: '' }, /not a datastore path/],
  ])('%s', async (_, shape, why) => {
    const { server, source } = await open({ shape });
    const failure = await failureOf(source);
    expect(failure.diagnostics[0]).toMatchObject({ code: 'datastore-unreadable', category: 'world' });
    expect(failure.message).toMatch(/Hard disk 1 of VM dc02/);
    expect(failure.message).toMatch(why);
    expect(server.received.some(r => r.method.startsWith('GET /folder'))).toBe(false);
  });
});

describe('answers that are not believed', () => {
  const refuse = async (answer: NonNullable<Opening['answer']>) => {
    const { server, source } = await open({ answer });
    return { failure: await failureOf(source), asked: server.count(FILE) };
  };

  it.each<[string, number, string, RegExp]>([
    ['200, which would be the whole disk', 200, 'datastore-unreadable', /ignores ranges/],
    ['403', 403, 'vsphere-permission', /may not read/],
    ['404', 404, 'datastore-unreadable', /not on the datastore/],
    ['416', 416, 'datastore-unreadable', /shorter/],
  ])('%s is final', async (_, status, code, why) => {
    const { failure, asked } = await refuse(() => ({ status, body: content(MIB) }));
    expect(failure.diagnostics[0]!.code).toBe(code);
    expect(failure.message).toMatch(why);
    expect(asked).toBe(1);
  });

  it('403 names what reading takes', async () => {
    const { failure } = await refuse(() => ({ status: 403, body: '' }));
    const { hint } = failure.diagnostics[0]!;
    for (const { id } of neededFor(['datastore']).filter(({ by }) => by === 'datastore'))
      expect(hint).toContain(id);
  });

  it('a file of another size than the disk is final', async () => {
    const { failure, asked } = await refuse((_, right) => ({
      ...right,
      headers: { 'content-range': `bytes 0-0/${MIB + 512}` },
    }));
    expect(failure.message).toContain('has 1049088 bytes, but the disk has 1048576');
    expect(asked).toBe(1);
  });

  it.each<[string, Partial<Exclude<Reply, string>>]>([
    ['another range', { headers: { 'content-range': `bytes 1-1/${MIB}` } }],
    ['no Content-Range', { headers: {} }],
    ['no total', { headers: { 'content-range': 'bytes 0-0/*' } }],
    ['compression', { headers: { 'content-range': `bytes 0-0/${MIB}`, 'content-encoding': 'gzip' } }],
    ['several parts', { headers: { 'content-type': 'multipart/byteranges; boundary=x' } }],
    ['an empty body', { body: '' }],
    ['500', { status: 500 }],
  ])('%s is asked for again, and then a failure', async (_, wrong) => {
    const { failure, asked } = await refuse((_, right) => ({ ...right, ...wrong }));
    expect(failure.diagnostics[0]!.code).toBe('vsphere-bad-range');
    expect(failure.message).toContain('A read of Hard disk 1 of VM dc02 at byte 0 went wrong');
    expect(asked).toBe(4);
  });

  it('a body that is longer than its range is final', async () => {
    const { failure, asked } = await refuse((_, right) => ({ ...right, body: 'ab' }));
    expect(failure.diagnostics[0]!.code).toBe('vsphere-malformed-answer');
    expect(asked).toBe(1);
  });
});

describe('reading on', () => {
  /** Right for the probe; then wrong once as given; then right. */
  const once =
    (wrong: (right: Exclude<Reply, string>) => Reply) => (call: Received, right: Exclude<Reply, string>) =>
      call.nth === 1 ? wrong(right) : right;
  const cases: [string, (right: Exclude<Reply, string>) => Reply][] = [
    [
      'a body that ends early',
      r => ({
        ...r,
        headers: { ...r.headers, 'content-length': '1024' },
        body: content(512),
        cutAfter: true,
      }),
    ],
    ['a body that is too short', r => ({ ...r, body: content(512) })],
    ['a broken connection', () => 'cut'],
    ['a range that is not the one', r => ({ ...r, headers: { 'content-range': `bytes 0-1023/${MIB}` } })],
    ['503', () => ({ status: 503 })],
  ];
  it.each(cases)('survives %s', async (_, wrong) => {
    const { server, source } = await open({ answer: once(wrong) });
    const read = await readFrom(await source, 4096, 1024);
    expect(read.equals(content(MIB).subarray(4096, 5120))).toBe(true);
    expect(server.count(FILE)).toBe(3);
  });

  it('survives the end of the session, with one login and the new cookie', async () => {
    const { server, source } = await open({ answer: once(() => ({ status: 401 })) });
    await readFrom(await source, 0, 512);
    const cookies = server.received.filter(r => r.method === FILE).map(r => r.headers.cookie);
    expect(server.count('Login')).toBe(2);
    expect(cookies[1]).toBe(cookies[0]);
    expect(cookies[2]).not.toBe(cookies[1]);
  });

  it('gives up on a chunk after ten minutes', async () => {
    const { clock, source } = await open({
      answer: (call, right) => (call.nth === 0 ? right : { status: 500 }),
    });
    const failure = await failureOf(readFrom(await source, 8192, 512));
    expect(failure.diagnostics[0]).toMatchObject({ code: 'vsphere-bad-range', category: 'world' });
    expect(failure.message).toBe('A read of Hard disk 1 of VM dc02 at byte 8192 went wrong: HTTP 500.');
    const slept = clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect(slept).toBeGreaterThanOrEqual(600_000);
    expect(slept).toBeLessThan(660_000);
  });
});

it('a read outlasts an outage that the opening does not', async () => {
  const away = (nth: number) => (call: Received, right: Exclude<Reply, string>) =>
    call.nth >= nth && call.nth < nth + 12 ? { status: 503, body: 'no healthy upstream' } : right;
  const reading = await (await open({ answer: away(1) })).source;
  expect((await readFrom(reading, 0, MIB)).equals(content(MIB))).toBe(true);
  const opening = await open({ answer: away(0) });
  await failureOf(opening.source);
});
