import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { covers } from '../../recovery/cover/covers.ts';
import { BOARD } from '../../replication/format/names.ts';
import { pauses } from '../../replication/model/pauses.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { holds } from '../../replication/retention/holds.ts';
import { retentions } from '../../replication/retention/in-force.ts';
import { pins } from '../../replication/retention/pins.ts';
import { damagedRecords } from '../../replication/verify/besides.ts';

/** What each is from now on, besides what could be read of it. */
const lists = [
  [holds, 'every VM is held, since any may have been: `converge hold VM --release` ends that of one'],
  [
    pins,
    'every VM is held, since a point that was pinned last is not known: pin it anew, and end that by `converge hold VM --release`',
  ],
  [
    pauses,
    'a pause that was begun last is lost: `converge status` shows those that are left. A VM that may be failed over is left alone until `converge resume VM PATHS`',
  ],
  [retentions, 'the next apply declares anew what is missing'],
  [covers, 'the next snapshots are noted anew'],
] as const;

/** Puts in order what a repository says about all its VMs, and tells what of it can't be. */
export async function repairNotes(
  repository: OpenRepository,
  signal: AbortSignal,
): Promise<{ mended: string[]; left: Diagnostic[] }> {
  const mended: string[] = [];
  const left: Diagnostic[] = [];
  for (const [list, hint] of lists) {
    if (!(await list.mend(repository))) continue;
    mended.push(list.name);
    left.push({
      ...world(
        'records-rewritten',
        own`the newest record of ${list.name} was damaged: it goes on from the newest that can be read`,
        { hint },
      ),
      severity: 'warning',
    });
  }
  for (const key of await damagedRecords(repository.context, signal))
    left.push(
      world('repository-damaged', own`${key} is damaged, and can't be written anew from here`, {
        hint: wayOut(key),
      }),
    );
  return { mended, left };
}

/** Who writes it anew, if anybody. */
function wayOut(key: string): string {
  const copy = 'an older version of the bucket, or a copy, may have it whole';
  if (key === `${BOARD}alerts`) return 'an agent that watches the repository writes it anew at its next look';
  if (key.startsWith(`${BOARD}movers/`))
    return 'its agent writes it anew; one that is gone for good is forgotten by `converge prune`';
  if (key.startsWith(BOARD)) return `what it says of the past is lost, and nothing else; ${copy}`;
  return `\`converge apply\` writes what is declared anew above it; of a run, ${copy}`;
}
