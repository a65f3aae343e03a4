import { join, resolve } from 'node:path';
import type { Files } from '../../io/ports.ts';
import { extensionOf } from '../../recovery/failover/probe.ts';
import { readPicture } from '../../recovery/run/keep.ts';
import type { Run } from '../../recovery/run/run.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { Context } from '../app-context.ts';

/**
 * Saves the pictures of a run's consoles as new files of a folder, which is made. Answers with their paths;
 * one that is there already is not written over.
 *
 * @throws Failure `file-access`
 */
export async function savePictures(
  { io }: Context,
  repository: Repository,
  run: Run,
  folder: string,
): Promise<string[]> {
  const { files, cwd } = io.host;
  const to = resolve(cwd, folder);
  await files.mkdir(to, { recursive: true, mode: 0o700 });
  const saved: string[] = [];
  for (const step of run.steps) {
    if (step.what !== 'probed' || step.picture === undefined) continue;
    const kept = await readPicture(repository, run, step.picture);
    if (!kept) continue;
    const image = Buffer.from(kept.image, 'base64');
    const name = `${kept.vm.replace(/[^\w.-]/g, '_')}-${run.start.number}-${step.picture}`;
    const path = join(to, `${name}.${extensionOf(image) ?? 'bin'}`);
    await saveNew(files, path, image);
    saved.push(path);
  }
  return saved;
}

/**
 * Saves a file that only whoever runs this can read. One that is there already is not written over.
 *
 * @throws Failure `file-access`
 */
export async function saveNew(files: Files, path: string, bytes: Buffer): Promise<void> {
  const file = (await files.open(path, 'create-new', { mode: 0o600 }))!;
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
