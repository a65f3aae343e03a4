import Type, { type Static } from 'typebox';
import { closedUntil } from '../engine/model/window.ts';
import { parseRate } from './rate.ts';
import { windowProperties } from './window-schema.ts';

const rate = (description: string) => Type.String({ format: 'rate', description });

/** How much may be sent at most, and when less. */
export const bandwidthSchema = Type.Object(
  {
    limit: Type.Optional(
      rate('Whenever no window says less: `200 Mbit/s`, `25 MiB/s`; no limit when left out.'),
    ),
    timezone: Type.Optional(
      Type.String({
        description:
          'That of the times in `windows`, an IANA name such as `Europe/Dublin`; UTC when left out.',
        format: 'timezone',
      }),
    ),
    windows: Type.Optional(
      Type.Array(
        Type.Object(
          { ...windowProperties, limit: rate('As long as this window is open: `50 Mbit/s`.') },
          { additionalProperties: false },
        ),
        {
          description: 'Times with a limit of their own; of several that are open the least counts.',
          minItems: 1,
        },
      ),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    dependencies: { timezone: ['windows'] },
    description:
      'What a process sends there at most, all of its uploads together. A window that opens or closes counts from then on, in the middle of a cycle as well.',
  },
);

export type Bandwidth = Static<typeof bandwidthSchema>;

/** Windows open and close at whole minutes. */
const minute = 60_000;

/**
 * Bytes per second that are allowed at a moment, in ms since the epoch; undefined: as many as there are. The
 * answer holds until the next whole minute.
 */
export function allowedBy({
  limit,
  timezone = 'UTC',
  windows = [],
}: Bandwidth): (now: number) => number | undefined {
  const usual = limit === undefined ? undefined : parseRate(limit);
  const timed = windows.map(({ limit, ...window }) => ({
    rate: parseRate(limit)!,
    window: { ...window, timezone },
  }));
  let known: { minute: number; rate: number | undefined } | undefined;
  return now => {
    const at = Math.floor(now / minute);
    if (known?.minute === at) return known.rate;
    const open = timed.filter(({ window }) => closedUntil(window, now) === undefined);
    const rate = open.length === 0 ? usual : Math.min(...open.map(one => one.rate));
    known = { minute: at, rate };
    return rate;
  };
}
