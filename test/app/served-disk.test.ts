import { expect, test } from 'vitest';
import { servedDisk } from '../../src/app/repository/served-disk.ts';
import { memoryStore } from '../support/memory-store.ts';
import { commitImage, openTest, VM } from '../support/repository.ts';

const MiB = 2 ** 20;

test('what a client asked for that has gone is read no further', async () => {
  const store = memoryStore();
  const image = Buffer.alloc(MiB, 7);
  for (let n = 0; n < 16; n++) image[n * 65536] = n;
  const vm = (await openTest(store)).vm(VM.uuid);
  const done = await commitImage(vm, image);
  if (done === 'lost-race') throw new Error('lost');
  const [disk] = done.point.disks;
  const reader = await vm.reader(done.point, disk!);
  const served = servedDisk(reader, disk!, new AbortController().signal);
  const gone = new AbortController();
  let packs = 0;
  store.before = ({ key }) => {
    if (!key.includes('/packs/')) return;
    packs++;
    gone.abort(new Error('the client has gone'));
  };
  await expect(served.read(0, MiB, gone.signal)).rejects.toThrow('the client has gone');
  expect(packs).toBe(1);
  await expect(served.read(0, MiB, AbortSignal.abort(new Error('gone before')))).rejects.toThrow(
    'gone before',
  );
  expect(packs).toBe(1);
  store.before = undefined;
  // Nobody else is kept from reading by it.
  expect(await served.read(0, MiB, new AbortController().signal)).toEqual(image);
});
