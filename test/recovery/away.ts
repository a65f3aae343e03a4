import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nodeHost } from '../../src/io/node.ts';
import { bringHome, type FailbackOptions } from '../../src/recovery/failback/failback.ts';
import { FOLDER_INDEX, type FolderIndex } from '../../src/recovery/failback/folder.ts';
import { takeOver } from '../../src/recovery/failover/take-over.ts';
import { SNAPSHOT_BLOCK as BLOCK } from '../../src/recovery/model/snapshots.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { scratch } from '../support/cli.ts';
import { someBytes } from './fixture.ts';
import { CHANGE_ID, type Resting, resting } from './resting.ts';
import { real } from './taken-over.ts';

const run = promisify(execFile);
export const { files } = nodeHost();
/** Not whole blocks of anything, and far from a whole GiB. */
export const size = 8 * BLOCK + 512 * 3;

/** A machine that was taken over, has written in EC2, and a home that stands still as it was at the point. */
export async function away(home: (image: Buffer) => Resting = image => resting(image)) {
  const image = Buffer.alloc(size);
  bootBlock().copy(image);
  someBytes('b', BLOCK).copy(image, BLOCK);
  someBytes('c', BLOCK).copy(image, 3 * BLOCK);
  const world = await real({ image, disk: { changeId: CHANGE_ID } });
  await takeOver(await world.at());
  const dir = await scratch();
  const [instance] = await world.live();
  const volume = instance!.BlockDeviceMappings![0]!.Ebs!.VolumeId!;
  const expected = Buffer.from(image);
  const writes = async (offset: number, bytes: Buffer) => {
    const file = join(dir, 'guest');
    await writeFile(file, bytes);
    await world.lab.command({ do: 'write-volume', volume, offset, file });
    bytes.copy(expected, offset);
  };
  await writes(2 * BLOCK - 100, someBytes('new', 200));
  await writes(3 * BLOCK, Buffer.alloc(BLOCK));
  await writes(size - 100, someBytes('tail', 100));
  const machine = home(image);
  const options = async (step?: (name: string) => Promise<void>): Promise<FailbackOptions> => {
    const { run, clock } = await world.at();
    return {
      repository: world.repository,
      run,
      machine: run.start.groups[0]!.machines[0]!,
      cloud: world.recovery,
      clock,
      step: step ?? (async () => {}),
      point: world.point,
      home: machine,
    };
  };
  const directory = join(dir, 'home');
  const toFolder = async (step?: (name: string) => Promise<void>, into = directory) =>
    bringHome(await options(step), { to: 'folder', directory: into, files });
  const index = async () => JSON.parse(await readFile(join(directory, FOLDER_INDEX), 'utf8')) as FolderIndex;
  /** The disk at home, once somebody put into it what is in the folder. */
  const applied = async (folder = directory) => {
    const disk = join(dir, 'home.raw');
    await writeFile(disk, machine.disk);
    await run('python3', ['tools/apply-failback.py', folder, `0=${disk}`]);
    return readFile(disk);
  };
  return {
    ...world,
    machine,
    options,
    toFolder,
    index,
    applied,
    expected,
    image,
    volume,
    dir,
    directory,
    writes,
  };
}
