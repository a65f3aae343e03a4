import Type, { type Static } from 'typebox';
import type { DueJob } from '../../replication/movers/due-jobs.ts';
import { repositorySchema } from '../shared/repository-property.ts';

export const schema = Type.Object(
  {
    repository: repositorySchema,
    schedule: Type.String({
      description: 'How often a point is made: `every 15 minutes`.',
      format: 'schedule',
      'x-grade': { weakens: 'increase' },
    }),
    rpo: Type.Optional(
      Type.String({
        description:
          'Most data that may be lost, as a time; twice the interval when left out. A plan shows when the newest point is older.',
        format: 'duration',
        'x-grade': { weakens: 'increase' },
      }),
    ),
    quiesce: Type.Optional(
      Type.Union([Type.Literal('require'), Type.Literal('prefer'), Type.Literal('off')], {
        description:
          '`require`: no point unless the guest could be quiesced. `prefer` (default): try, and label the point by what it is. `off`: never try.',
        'x-grade': { order: ['off', 'prefer', 'require'] },
      }),
    ),
    disks: Type.Optional(
      Type.Object(
        {
          exclude: Type.Optional(
            Type.Array(Type.String({ minLength: 1 }), {
              description:
                'Disks to leave out, by label (`Hard disk 2`) or number (`1`). Points name them as left out.',
              'x-unordered': true,
              'x-grade': { weakens: 'increase' },
            }),
          ),
        },
        { description: 'Which disks; all when left out.', additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type ProtectedVmProperties = Static<typeof schema>;

export interface ProtectedVmState {
  /** `due`: older than the interval, or of other disks than the VM has now. */
  point: 'newest' | 'due';
  /** Why it is due, and since when (ms since the epoch). */
  due?: Pick<DueJob, 'reason' | 'due'>;
  /** `breached`: the newest point is older than `rpo` allows, twice the interval when it isn't declared. */
  rpo: 'kept' | 'breached';
  /** `unavailable`: off, and it can't be switched on as things are; every cycle reads the whole VM. */
  change_tracking: 'on' | 'off' | 'unavailable';
  /** Labels of the disks that the next point will hold. Shown, never declared. */
  disks: string[];
  /** Names of snapshots that cycles of ours left behind when they died. */
  left_snapshots: string[];
  /** `lost`: a repository or points are gone that were there. */
  history: 'kept' | 'lost';
  /** `pending`: of what the repository holds of it something is damaged that no cycle has attended to yet. */
  damage: 'none' | 'pending';
}
