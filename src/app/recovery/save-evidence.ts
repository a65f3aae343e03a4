import { join, resolve } from 'node:path';
import { evidenceOf } from '../../recovery/evidence/evidence.ts';
import { type EvidencePicture, evidencePage } from '../../recovery/evidence/evidence-page.ts';
import { extensionOf } from '../../recovery/failover/probe.ts';
import { readPicture } from '../../recovery/run/keep.ts';
import type { Run } from '../../recovery/run/run.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { Context } from '../app-context.ts';
import { saveNew } from './pictures.ts';

/**
 * Saves what a run showed as two new files of a folder, which is made: `PLAN-N.json`, and `PLAN-N.html`, one
 * page with its pictures in it. Answers with their paths; one that is there already is not written over.
 *
 * @throws Failure `file-access`
 */
export async function saveEvidence(
  { io }: Context,
  repository: Repository,
  run: Run,
  folder: string,
): Promise<string[]> {
  const { files, cwd } = io.host;
  const to = resolve(cwd, folder);
  await files.mkdir(to, { recursive: true, mode: 0o700 });
  const evidence = evidenceOf(run);
  const pictures = new Map<number, EvidencePicture>();
  for (const { picture } of evidence.machines) {
    const kept = picture === undefined ? undefined : await readPicture(repository, run, picture);
    const kind = kept && extensionOf(Buffer.from(kept.image, 'base64'));
    if (kept && kind) pictures.set(picture!, { image: kept.image, type: kind === 'png' ? 'png' : 'jpeg' });
  }
  const name = `${run.start.plan.replace(/[^\w.-]/g, '_')}-${run.start.number}`;
  const saved: string[] = [];
  for (const [ending, text] of [
    ['json', `${JSON.stringify(evidence, undefined, 2)}\n`],
    ['html', evidencePage(evidence, pictures)],
  ] as const) {
    const path = join(to, `${name}.${ending}`);
    await saveNew(files, path, Buffer.from(text));
    saved.push(path);
  }
  return saved;
}
