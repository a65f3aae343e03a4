import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { writeZip } from '../../src/bundle/write-zip.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openZip } from '../../src/resources/host/archive/zip.ts';
import { scratch } from '../support/cli.ts';

const files = [
  { path: '.platform/hooks/prebuild/10_converge_place.sh', bytes: Buffer.from('#!/bin/bash\n') },
  { path: '.platform/converge/agent/node', bytes: Buffer.alloc(70_000, 'node') },
  { path: 'converge/empty', bytes: Buffer.alloc(0) },
  // A part of a larger buffer, as files are read.
  { path: 'converge/part', bytes: new Uint8Array(Buffer.from('xxpartxx')).subarray(2, 6) },
];

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test('the same files make the same bytes, in any order, at any time, in any zone', async () => {
  process.env.TZ = 'Pacific/Auckland';
  const one = await writeZip(files);
  process.env.TZ = 'America/St_Johns';
  const other = await writeZip(files.toReversed());
  expect(one.equals(other)).toBe(true);
});

test('it unpacks to what was put in, and what Beanstalk runs may be run', async () => {
  const path = join(await scratch(), 'x.zip');
  writeFileSync(path, await writeZip(files));
  const zip = await openZip(nodeHost().files, path, 'x.zip', 1e6);
  const found = [];
  for (const entry of zip.entries)
    found.push({ path: entry.path, mode: entry.mode, bytes: await buffer(await entry.open()) });
  await zip.close();
  expect(found.map(({ path, mode }) => [path, mode?.toString(8)])).toEqual([
    ['.platform/converge/agent/node', '755'],
    ['.platform/hooks/prebuild/10_converge_place.sh', '755'],
    ['converge/empty', '644'],
    ['converge/part', '644'],
  ]);
  for (const { path, bytes } of found)
    expect(bytes.equals(files.find(one => one.path === path)!.bytes), path).toBe(true);
});
