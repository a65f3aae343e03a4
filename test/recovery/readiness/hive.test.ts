import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FileSystem, inMemory, Unreadable } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { openHive } from '../../../src/recovery/readiness/registry/hive.ts';
import { registryFacts } from '../../../src/recovery/readiness/registry/windows.ts';
import { counted } from './golden.ts';

/** Hives that `make-hives.sh` made with hivex. */
const golden = (name: string): Buffer =>
  zstdDecompressSync(readFileSync(join(import.meta.dirname, 'hives', `${name}.zst`)));
const system = golden('SYSTEM');
const software = golden('SOFTWARE');

function volume(files: Record<string, Buffer>, drivers?: string[]): FileSystem {
  return {
    list: async () => drivers?.map(name => ({ name, kind: 'directory' as const })),
    open: async path => {
      const content = files[path.split('/').at(-1)!];
      return content && inMemory(content);
    },
  };
}
const right = (hives: Record<string, Buffer>, drivers?: string[]) =>
  registryFacts(volume(hives, drivers)).then(found => ({
    dirty: found?.isDirty,
    ...Object.fromEntries(Object.entries(found?.facts ?? {}).map(([name, { ok }]) => [name, ok])),
  }));

/** The hive with a value of four bytes replaced. The last of that name is that of the current control set. */
function with4(of: Buffer, key: string, name: string, from: number, to: number): Buffer {
  const at = of.indexOf(
    Buffer.concat([Buffer.from('vk'), Buffer.from([name.length, 0, 4, 0, 0, 0x80]), number(from)]),
  );
  expect(at, key).toBeGreaterThan(0);
  const changed = Buffer.from(of);
  let last = -1;
  for (let next = at; next >= 0; next = of.indexOf('vk', next + 1))
    if (
      of.toString('latin1', next + 20, next + 20 + name.length) === name &&
      of.readUInt32LE(next + 8) === from
    )
      last = next;
  changed.writeUInt32LE(to, last + 8);
  return changed;
}
const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

test('a Windows that was prepared: each fact from the current control set, a policy’s from SOFTWARE', async () => {
  const found = await registryFacts(volume({ SYSTEM: system, SOFTWARE: software }));
  expect(found).toMatchObject({ isDirty: false });
  const words = Object.fromEntries(
    Object.entries(found!.facts).map(([name, { ok, what }]) => [name, `${ok}: ${what}`]),
  );
  expect(words).toMatchInlineSnapshot(`
    {
      "dhcp": "true: DHCP Client starts with Windows, and an interface that is new asks by it; the addresses of 1 of 2 interfaces are fixed, and stay with those of home",
      "ec2launch": "true: EC2Launch v2 starts with Windows",
      "ena": "true: the ENA's driver is installed (ena has Start 3)",
      "firewall": "true: the firewall lets RDP in ("RDP in EC2")",
      "kms": "true: EC2Launch has Windows activated by EC2's KMS at its first start there",
      "nvme": "true: stornvme starts with Windows' loader",
      "remote_access": "true: Remote Desktop is on",
      "san_policy": "true: disks that are new are brought online",
      "time": "true: Windows Time asks 169.254.169.123, EC2's own; until then it takes the machine's clock, which is in UTC, for the time of GMT Standard Time",
    }
  `);
});

test('without SOFTWARE nothing is said that a policy could overrule; without SYSTEM there is no Windows', async () => {
  expect(await right({ SYSTEM: system })).toEqual({
    dirty: false,
    ...{ nvme: true, ena: true, dhcp: true, san_policy: true, ec2launch: true },
  });
  expect(await registryFacts(volume({ SOFTWARE: software }))).toBeUndefined();
});

test('each wrong value is seen', async () => {
  const both = (changed: Buffer) => right({ SYSTEM: changed, SOFTWARE: software });
  expect(await both(with4(system, 'partmgr', 'SanPolicy', 1, 2))).toMatchObject({ san_policy: false });
  expect(await both(with4(system, 'Terminal Server', 'fDenyTSConnections', 0, 1))).toMatchObject({
    remote_access: false,
  });
  // The other control set has a stornvme that starts too late, and no ENA.
  expect(await both(with4(system, 'Select', 'Current', 2, 1))).toMatchObject({ nvme: false, dhcp: false });
  expect(
    await right({ SYSTEM: with4(system, 'Select', 'Current', 2, 1), SOFTWARE: software }, [
      'ena.inf_amd64_1',
    ]),
  ).toMatchObject({ ena: true });
});

test('a hive that was being written says so: by its numbers, or by its checksum', async () => {
  for (const at of [4, 100]) {
    const half = Buffer.from(system);
    half[at]! ^= 1;
    expect((await openHive(inMemory(half))).isDirty, `byte ${at}`).toBe(true);
  }
  expect((await openHive(inMemory(system))).isDirty).toBe(false);
});

test('little of a hive is read', async () => {
  const { disk, read } = counted(system);
  const hive = await openHive(disk);
  expect(await hive.value(String.raw`controlset002\services\STORNVME`, 'start')).toBe('0');
  expect(await hive.keys('nowhere')).toBeUndefined();
  expect(read.bytes).toBeLessThan(64_000);
});

/** A hive whose root has what `list` says below it, and keys a, b and c that lie at 200, 300 and 400. */
function made(list: (at: Buffer) => void): Buffer {
  const file = Buffer.alloc(8192);
  file.write('regf');
  for (const [at, value] of [
    [20, 1],
    [24, 5],
    [36, 32],
    [40, 4096],
  ] as const)
    file.writeUInt32LE(value, at);
  const bins = file.subarray(4096);
  const key = (at: number, name: string, keys: number, keysAt: number) => {
    bins.writeInt32LE(-88, at);
    bins.write('nk', at + 4);
    bins.writeUInt16LE(0x20, at + 6);
    bins.writeUInt32LE(keys, at + 24);
    bins.writeUInt32LE(keysAt, at + 32);
    bins.writeUInt16LE(name.length, at + 76);
    bins.write(name, at + 80);
  };
  key(32, 'root', 3, 1000);
  for (const [n, name] of ['a', 'b', 'c'].entries()) key(200 + n * 104, name, 0, 0);
  list(bins);
  return file;
}
const listAt = (bins: Buffer, at: number, kind: string, places: number[], each = 4) => {
  bins.writeInt32LE(-64, at);
  bins.write(kind, at + 4);
  bins.writeUInt16LE(places.length, at + 6);
  for (const [n, place] of places.entries()) bins.writeUInt32LE(place, at + 8 + n * each);
};
const keysOf = async (file: Buffer) => (await openHive(inMemory(file))).keys('');

test('lists of each kind, and a list of lists', async () => {
  expect(await keysOf(made(bins => listAt(bins, 1000, 'lf', [200, 304, 408], 8)))).toEqual(['a', 'b', 'c']);
  expect(await keysOf(made(bins => listAt(bins, 1000, 'li', [200, 304])))).toEqual(['a', 'b']);
  const nested = made(bins => {
    listAt(bins, 1000, 'ri', [1200, 1400]);
    listAt(bins, 1200, 'lh', [200], 8);
    listAt(bins, 1400, 'li', [304, 408]);
  });
  expect(await keysOf(nested)).toEqual(['a', 'b', 'c']);
});

test('what leads to itself, outside, or to anything else is refused', async () => {
  for (const list of [
    (bins: Buffer) => listAt(bins, 1000, 'ri', [1000]),
    (bins: Buffer) => listAt(bins, 1000, 'li', [1000]),
    (bins: Buffer) => listAt(bins, 1000, 'li', [8000]),
    (bins: Buffer) => listAt(bins, 1000, 'li', [0xffff_fff8]),
    (bins: Buffer) => listAt(bins, 1000, 'zz', [200]),
    (bins: Buffer) => {
      listAt(bins, 1000, 'li', [200]);
      bins.writeUInt16LE(0xffff, 1006);
    },
    (bins: Buffer) => bins.writeInt32LE(-0x7fff_fff8, 1000),
  ])
    await expect(keysOf(made(list))).rejects.toThrow(Unreadable);
  await expect(openHive(inMemory(Buffer.alloc(8192)))).rejects.toThrow(/is not a hive/);
  await expect(openHive(inMemory(system.subarray(0, 100)))).rejects.toThrow(Unreadable);
});

test('whatever bytes somebody changes there is an answer, and not much is read for it', async () => {
  const change = fc.record({
    at: fc.nat(system.length - 5),
    value: fc.oneof(fc.nat(0xffff_ffff), fc.nat(0xffff)),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      async (changes, early) => {
        const hostile = Buffer.from(system);
        // Most of what is looked at lies near the beginning.
        for (const { at, value } of changes) hostile.writeUInt32LE(value, early ? at % 16_384 : at);
        const { disk, read } = counted(hostile);
        const files: FileSystem = {
          list: async () => undefined,
          open: async path => (path.endsWith('/SYSTEM') ? disk : undefined),
        };
        const found = await registryFacts(files).catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toBeInstanceOf(Unreadable);
        else expect(JSON.parse(JSON.stringify(found))).toEqual(found);
        expect(read.calls).toBeLessThan(200_000);
      },
    ),
    { numRuns: 150 },
  );
});
