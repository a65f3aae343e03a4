import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inMemory } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';
import { checksumOf } from '../../../src/recovery/readiness/registry/header.ts';
import { withLogs } from '../../../src/recovery/readiness/registry/logs.ts';
import { registryFacts } from '../../../src/recovery/readiness/registry/windows.ts';
import { dirtyHive, logOf } from './hive-logs.ts';

const golden = (name: string): Buffer =>
  zstdDecompressSync(readFileSync(join(import.meta.dirname, 'hives', `${name}.zst`)));
const [system, software] = [golden('SYSTEM'), golden('SOFTWARE')];

/** With other bytes in the place of some, as often as they are there. */
const changed = (of: Buffer, from: string, to: string): Buffer => {
  const text = of.toString('latin1');
  expect(text).toContain(from);
  return Buffer.from(text.replaceAll(from, to), 'latin1');
};
// Registry keys are found without case: this one is gone, as whoever removes a driver has it.
const one = changed(system, 'stornvme', 'stornvmX');
const two = changed(one, 'Dhcp', 'DhcX');
const dirty = dirtyHive(system, 40);
const [first, second] = [logOf(90, [[system, one]]), logOf(91, [[one, two]])];

const bytesOf = async (logs: Buffer[]) => {
  const whole = await withLogs(inMemory(dirty), logs.map(inMemory));
  return whole?.read(0, whole.bytes);
};
const facts = async (files: Record<string, Buffer>) => {
  const found = await registryFacts({
    list: async () => undefined,
    open: async path => {
      const content = files[path.split('/').at(-1)!];
      return content && inMemory(content);
    },
  });
  return { dirty: found!.isDirty, nvme: found!.facts.nvme?.ok, dhcp: found!.facts.dhcp?.ok };
};

test('a hive that was being written is as its logs have it, whichever of them is the later one', async () => {
  for (const logs of [
    [first, second],
    [second, first],
  ]) {
    const whole = (await bytesOf(logs))!;
    expect(whole.subarray(4096).equals(two.subarray(4096))).toBe(true);
    expect([whole.readUInt32LE(4), whole.readUInt32LE(8)]).toEqual([91, 91]);
    expect(whole.readUInt32LE(508)).toBe(checksumOf(whole));
  }
  const both = { SYSTEM: dirty, SOFTWARE: software };
  expect(await facts({ SYSTEM: system, SOFTWARE: software })).toEqual({
    dirty: false,
    nvme: true,
    dhcp: true,
  });
  expect(await facts(both)).toMatchObject({ dirty: true });
  expect(await facts({ ...both, 'SYSTEM.LOG1': first })).toEqual({ dirty: false, nvme: false, dhcp: true });
  expect(await facts({ ...both, 'SYSTEM.LOG1': second, 'SYSTEM.LOG2': first })).toEqual({
    dirty: false,
    nvme: false,
    dhcp: false,
  });
});

test('what is behind the last entry of a log is of before, and not put in', async () => {
  const stale = logOf(12, [[one, two]]).subarray(512);
  expect((await bytesOf([Buffer.concat([first, stale])]))!.subarray(4096).equals(one.subarray(4096))).toBe(
    true,
  );
});

test('logs that do not tell it for certain leave it unknown', async () => {
  const torn = Buffer.from(first);
  torn[torn.length - 600]! ^= 1;
  const oldFormat = Buffer.from(first);
  oldFormat.write('DIRT', 512, 'latin1');
  const otherHeader = Buffer.from(first);
  otherHeader[100]! ^= 1;
  for (const [why, logs] of Object.entries({
    'there is none': [],
    'it is empty': [Buffer.alloc(0)],
    'it is torn': [torn],
    'its header is damaged': [otherHeader],
    'it is of the old format': [oldFormat],
    'it is older than the hive': [logOf(39, [[system, one]])],
    'one does not go on where the other ends': [first, logOf(92, [[one, two]])],
  }))
    expect(await bytesOf(logs), why).toBeUndefined();
  // A header that nobody can trust says nothing of what to put in.
  const damaged = Buffer.from(dirty);
  damaged[100]! ^= 1;
  expect(await withLogs(inMemory(damaged), [inMemory(first)])).toBeUndefined();
});
