import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { evidenceOf } from '../../src/recovery/evidence/evidence.ts';
import { failedOf, tryAgain } from '../../src/recovery/failover/attempts.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { imageParts } from '../../src/recovery/import/image-parts.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { scratch } from '../support/cli.ts';
import { dc02Present, dc02States, toState } from '../support/dc02.ts';
import { killedBefore } from './begun.ts';
import { contentOf, sha256, someBytes } from './fixture.ts';
import { expectNothingLeft, type Importing, importing, tasks } from './importing.ts';
import { ways } from './vm-import.ts';

const MiB = 2 ** 20;

/** Three parts, the middle one zeros; it ends in the middle of a sector, so that padding would be seen. */
function disk(): Buffer {
  const image = Buffer.alloc(33 * MiB + 100);
  bootBlock().copy(image);
  someBytes('inside', 700_000).copy(image, 3 * MiB);
  someBytes('end', 100).copy(image, 33 * MiB);
  return image;
}

/** What an import was given, hashed as it lies there. */
async function inputOf(world: Importing): Promise<string> {
  const [task] = await tasks(world);
  const [source] = task!.SnapshotDetails!;
  if (source!.SnapshotId !== undefined)
    return (await contentOf(world.store, source!.SnapshotId, world.image.length)).sha256;
  const { S3Bucket, S3Key } = source!.UserBucket!;
  const object = await world.s3.send(new GetObjectCommand({ Bucket: S3Bucket!, Key: S3Key! }));
  return sha256(Buffer.from(await object.Body!.transformToByteArray()));
}

test.for(Object.keys(ways))(
  '%s: the import reads the very bytes of the point, and what it makes runs',
  async way => {
    const world = await importing(way, { image: disk() });
    const said: string[] = [];
    let input = '';
    const options = await world.at(async name => {
      if (name === 'importing-web01') input = await inputOf(world);
    });
    const [recovered] = await rehearse({ ...options, say: line => void said.push(line) });
    expect(input).toBe(sha256(world.image));
    expect(recovered).toMatchObject({ vm: 'web01', results: [{ outcome: 'passed' }] });
    const [task, ...others] = await tasks(world);
    expect(others).toEqual([]);
    expect(said).toContain(`web01: import ${task!.ImportTaskId} 43 %: converting`);
    if (way === 'raw') expect(said).toContain('web01: 100 % of disk 0 is in S3');
    const [instance] = await world.all();
    expect(instance).toMatchObject({ InstanceId: recovered!.instance, ImageId: task!.ImageId });
    // What VM Import made isn't what it was given any more, and the evidence says so.
    const { run } = await world.at();
    expect(evidenceOf(run).unproven).toContainEqual(
      expect.stringContaining('that the disks of web01 are those of its point'),
    );
    const [made] = (await world.ec2.send(new DescribeImagesCommand({ ImageIds: [task!.ImageId!] }))).Images!;
    const altered = made!.BlockDeviceMappings![0]!.Ebs!.SnapshotId!;
    expect((await contentOf(world.store, altered, world.image.length)).zerosFollow).toBe(false);
    expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, images: 1, foreign: [] });
    await expectNothingLeft(world);
  },
);

const steps = {
  convert: ['import-web01', 'importing-web01', 'tag-web01', 'imported-web01', 'run-web01', 'launched-web01'],
  raw: ['upload-web01-disk-0', 'import-web01', 'importing-web01', 'remove-upload-web01', 'imported-web01'],
};
const killed = Object.entries(steps).flatMap(([way, names]) =>
  names.map((name): [string, string] => [way, name]),
);

test.for(killed)('%s, killed before %s: the next run goes on with the same import', async ([way, step]) => {
  const world = await importing(way);
  await expect(rehearse(await world.at(killedBefore(step)))).rejects.toThrow('killed');
  const recovered = await rehearse(await world.at());
  expect((await world.all()).map(({ InstanceId }) => InstanceId)).toEqual([recovered[0]!.instance]);
  expect(await tasks(world)).toHaveLength(1);
  await cleanUp(await world.at());
  await expectNothingLeft(world);
});

const cleaned = killed.filter(([, step]) => /^(importing|tag|remove|upload)/.test(step));

test.for(cleaned)(
  '%s, killed before %s: a clean-up leaves nothing, an import that goes on least',
  async ([way, step]) => {
    const world = await importing(way);
    await expect(rehearse(await world.at(killedBefore(step)))).rejects.toThrow('killed');
    await cleanUp(await world.at());
    await expectNothingLeft(world);
    expect((await tasks(world)).filter(({ Status }) => Status === 'active')).toEqual([]);
  },
);

test('an upload that was cut off is gone on with: no part is put twice', async () => {
  const world = await importing('raw', { image: disk() });
  const { uploads } = world.recovery;
  const put: number[] = [];
  const cut =
    (until: number): typeof uploads.put =>
    async (place, id, part, signal) => {
      if (part.number > until) throw new Error('cut off');
      put.push(part.number);
      return uploads.put(place, id, part, signal);
    };
  for (const until of [2, 3]) {
    const options = await world.at();
    const cloud = { ...world.recovery, uploads: { ...uploads, put: cut(until) } };
    const going = rehearse({ ...options, cloud });
    if (until < 3) await expect(going).rejects.toThrow('cut off');
    else await going;
  }
  expect(put.sort()).toEqual([1, 2, 3]);
});

if (!dc02Present)
  console.warn(
    'SKIPPED: the real NTFS disk (../shared/data/disks/dc02) is not here; no import of it was begun',
  );

test.runIf(dc02Present)(
  'a real NTFS disk in three states: what an import of each reads is that state, byte for byte',
  { timeout: 300_000 },
  async () => {
    const states = await dc02States();
    const file = join(await scratch(), 'dc02.raw');
    for (const [state, way] of ['convert', 'raw', 'raw'].entries()) {
      await toState(file, state);
      const world = await importing(way, { image: await readFile(file) });
      let input = '';
      const options = await world.at(async name => {
        if (name === 'importing-web01') input = await inputOf(world);
      });
      await rehearse(options);
      expect(input).toBe(states[state]!.sha256);
      await cleanUp(await world.at());
      await expectNothingLeft(world);
    }
  },
);

test('a role that VM Import may not act as is told with the way out; nothing is put into S3 twice', async () => {
  const world = await importing('raw', { withRole: false });
  await expect(rehearse(await world.at())).rejects.toThrow(
    /VM Import can't act as the role vmimport: .*does not have sufficient permissions/,
  );
  await world.asImporter();
  const steps: string[] = [];
  await rehearse(await world.at(async name => void steps.push(name)));
  expect(steps).toContain('importing-web01');
  await cleanUp(await world.at());
  await expectNothingLeft(world);
});

test('an import that fails says all that EC2 said; tried again, it is another import', async () => {
  const world = await importing('convert');
  const message = 'ClientError: Unable to find an OS. (EFI partition found, boot mode legacy-bios)';
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'import-fails', message } });
  await expect(rehearse(await world.at())).rejects.toThrow(message);
  const options = await world.at();
  expect(options.run.steps.map(({ what }) => what)).toContain('import-failed');
  const again = await failedOf(options, false);
  expect(again).toMatchObject([{ vm: 'web01', why: expect.stringContaining(message) }]);
  await tryAgain(options, again, options);
  await rehearse(await world.at());
  expect((await tasks(world)).map(({ Status }) => Status).sort()).toEqual(['completed', 'deleted']);
  await cleanUp(await world.at());
  await expectNothingLeft(world);
});

test('what an import makes under another licence, or firmware, is never launched', async () => {
  const others = [
    [{ platformDetails: 'Windows', usageOperation: 'RunInstances:0002' }, /bills the image .* as Windows/],
    [{ bootMode: 'uefi' }, /web01 starts with BIOS, and the image ami-\w+ that was imported of it with UEFI/],
  ] as const;
  for (const [other, why] of others) {
    const world = await importing('convert');
    const { shells } = world.recovery;
    const seen: typeof shells.image = async (...asked) => {
      const found = await shells.image(...asked);
      return found && { ...found, ...other };
    };
    const cloud = { ...world.recovery, shells: { ...shells, image: seen } };
    await expect(rehearse({ ...(await world.at()), cloud })).rejects.toThrow(why);
    expect(await world.all()).toEqual([]);
  }
});

test('parts of an image: never more than ten thousand, and 64 MiB of them together unless one is larger', () => {
  for (const bytes of [1, 16 * MiB, 16 * MiB + 1, 40 * 2 ** 30, 2 ** 40, 5 * 2 ** 40]) {
    const { size, count, width } = imageParts(bytes, 'disk 0');
    expect(count).toBeLessThanOrEqual(10_000);
    expect((count - 1) * size).toBeLessThan(bytes);
    expect(count * size).toBeGreaterThanOrEqual(bytes);
    expect(width === 1 || width * size <= 64 * MiB).toBe(true);
    expect(size % 524_288).toBe(0);
  }
  expect(() => imageParts(0, 'disk 0')).toThrow('has no bytes');
  expect(() => imageParts(5 * 2 ** 40 + 1, 'disk 0')).toThrow('at most');
});
