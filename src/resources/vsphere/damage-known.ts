import { type Diagnostic, type Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { plural } from '../../io/units.ts';
import { brokenWords, type DamageRecord, pendingOf } from '../../replication/model/damage-record.ts';
import type { Point } from '../../replication/model/point.ts';
import type { SourceVm } from '../../replication/model/source.ts';

/** What is known to be damaged of a VM in its repository, and which points can't be restored for it. */
export function damageKnown({ name }: Pick<SourceVm, 'name'>, record: DamageRecord): Diagnostic[] {
  const pending = pendingOf(record);
  const ids = record.broken.map(({ id }) => id).join(', ');
  const suspect = suspects({ name }, record);
  if (pending.length > 0)
    return [
      world(
        'repository-damaged',
        `${name}: ${plural(pending.length, 'object')} of its repository ${pending.length === 1 ? 'is' : 'are'} damaged or missing${ids === '' ? '' : `; broken until that is healed: ${ids}`}`,
        { hint: 'the next cycle stores again what the VM still has; `converge verify` tells which objects' },
      ),
    ]
      .map(asWarning)
      .concat(suspect);
  if (ids === '') return suspect;
  return [
    world(
      'points-broken',
      `${name}: these recovery points can't be restored: ${brokenWords(record.broken)}`,
      {
        hint: 'no cycle can heal them; where the bucket keeps versions, an older one of what `converge verify` names may be whole',
      },
    ),
  ]
    .map(asWarning)
    .concat(suspect);
}

/** What a look at a VM's newest point met, and no verify has noted down. */
export const damageMet = ({ name }: Pick<SourceVm, 'name'>, { message }: Failure): Diagnostic =>
  asWarning(
    world('repository-damaged', own`${name}: ${message}`, {
      hint: own`the next cycle, an apply or \`converge replicate\`, writes it anew from what is whole; \`converge repair\` does where there is no source`,
    }),
  );

/** Each cycle ends by that, whatever is due. */
export const headPutBack = (
  { name }: Pick<SourceVm, 'name'>,
  { generation }: Pick<Point, 'generation'>,
): Diagnostic =>
  asWarning(
    world(
      'head-rolled-back',
      own`${name}: the head of its points in the repository is older than the newest of them, ${String(generation)}: somebody put it back, and no cycle goes on from it`,
      { hint: own`\`converge repair ${name} PATHS --rebuild-head\` makes it from that point` },
    ),
  );

function suspects({ name }: Pick<SourceVm, 'name'>, { suspect = [] }: DamageRecord): Diagnostic[] {
  if (suspect.length === 0) return [];
  const ids = suspect.map(({ id }) => id).join(', ');
  const found = world(
    'points-suspect',
    `${name}: change tracking had left changes out when these were made: ${ids}`,
    {
      hint: 'restore a newer point, or one from before them',
    },
  );
  return [asWarning(found)];
}

const asWarning = (one: Diagnostic): Diagnostic => ({ ...one, severity: 'warning' });
