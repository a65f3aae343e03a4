import Type, { type Static, type TOptional, type TString } from 'typebox';
import type { Window } from '../../engine/model/catalog.ts';
import { parseDuration } from '../../io/duration.ts';
import type { Due } from '../../replication/movers/due-jobs.ts';
import { RULES, type Rule, type WrittenRetention } from '../../replication/retention/policy.ts';
import type { Timetable } from '../../schedule/due.ts';
import { parseSchedule } from '../../schedule/schedule.ts';
import { windowProperties } from '../../schedule/window-schema.ts';
import { repositorySchema } from '../shared/repository-property.ts';

const newestOf = (span: string) => `The newest point of each ${span}, as long as it is younger than this.`;
const spanOf: Record<Rule, string> = {
  all: 'Every point that is younger than this.',
  hourly: newestOf('hour'),
  daily: newestOf('day'),
  weekly: newestOf('week, from Monday'),
  monthly: newestOf('month'),
  yearly: newestOf('year'),
};

export const schema = Type.Object(
  {
    repository: repositorySchema,
    schedule: Type.String({
      description:
        'When points are made: `every 15 minutes`, `every day at 02:00`, `every monday at 23:30`, or the five fields of cron in quotes, `"cron 30 1 * * 1-5"`. An interval counts from the newest point, so that one cycle makes good for any time that was missed.',
      format: 'schedule',
      'x-grade': { weakens: 'increase' },
    }),
    rpo: Type.Optional(
      Type.String({
        description:
          'Most data that may be lost, as a time; when left out it is twice the interval, or what passes until the second run after a point. A plan shows when the newest point is older.',
        format: 'duration',
        'x-grade': { weakens: 'increase' },
      }),
    ),
    timezone: Type.Optional(
      Type.String({
        description:
          'That of the times in `schedule` and `windows`, an IANA name such as `Europe/Dublin`; UTC when left out.',
        format: 'timezone',
      }),
    ),
    windows: Type.Optional(
      Type.Array(Type.Object(windowProperties, { additionalProperties: false }), {
        description:
          'A cycle begins in one of these alone; what is due outside of them waits. Whole days when left out.',
        minItems: 1,
      }),
    ),
    quiesce: Type.Optional(
      Type.Union([Type.Literal('require'), Type.Literal('prefer'), Type.Literal('off')], {
        description:
          '`require`: no point unless the guest could be quiesced. `prefer` (default): try, and label the point by what it is. `off`: never try.',
        'x-grade': { order: ['off', 'prefer', 'require'] },
      }),
    ),
    retention: Type.Optional(
      Type.Object(
        Object.fromEntries(
          RULES.map(rule => [
            rule,
            Type.Optional(
              Type.String({
                description: spanOf[rule],
                format: 'duration',
                'x-grade': { weakens: 'decrease' },
              }),
            ),
          ]),
        ) as Record<Rule, TOptional<TString>>,
        {
          description:
            'Which points stay, by UTC; all of them when left out. `converge prune` removes the others, and nothing else does. The three newest whole points always stay; a broken point stands for no hour, day or month.',
          additionalProperties: false,
          minProperties: 1,
        },
      ),
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

/**
 * When points of a VM are to be made, by properties that were checked.
 *
 * @param lists further lists of windows that have to be open
 */
export const timetableOf = (
  properties: Pick<ProtectedVmProperties, 'schedule' | 'timezone' | 'windows'>,
  lists: Timetable['windows'] = [],
): Timetable => ({
  schedule: parseSchedule(properties.schedule)!,
  timezone: properties.timezone ?? 'UTC',
  windows: [windowsIn(properties), ...lists],
});

/** Its windows, each with the time zone. */
export const windowsIn = ({
  windows = [],
  timezone = 'UTC',
}: Pick<ProtectedVmProperties, 'timezone' | 'windows'>): Window[] =>
  windows.map(window => ({ ...window, timezone }));

/** Milliseconds that are declared. */
export const rpoOf = ({ rpo }: Pick<ProtectedVmProperties, 'rpo'>): number | undefined =>
  rpo === undefined ? undefined : parseDuration(rpo);

export interface ProtectedVmState {
  /** `due`: older than the schedule allows, or of other disks than the VM has now. */
  point: 'newest' | 'due';
  /** Why it is due, and since when (ms since the epoch). */
  due?: Due;
  /** `breached`: the newest point is older than `rpo` allows, or its default. */
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
  /** What was declared when it was applied last; `{}`: nothing. Undefined: nothing is declared now. */
  retention?: WrittenRetention;
  /** How many more points what is declared removes than that. */
  removes?: number;
  /** It runs in AWS: no point is made of what is at home, however old the newest is. */
  suspended?: Suspended;
}

export interface Suspended {
  /** The failover that holds it: `web/3`. */
  by: string;
  /** Milliseconds since the epoch. */
  since: number;
}
