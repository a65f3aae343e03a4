import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { Clock } from '../../io/ports.ts';
import { createThrottle, type Throttle } from '../../network/throttle.ts';
import { allowedBy, type Bandwidth } from '../../schedule/bandwidth.ts';

/** Of this process, by clock: runs of an agent that send to the same target share what it allows. */
const known = new WeakMap<Clock, Map<string, Throttle>>();

/** What holds the uploads to a target back; undefined: nothing does. */
export function uploadsTo(target: CatalogTarget | undefined, clock: Clock): Throttle | undefined {
  const bandwidth = target?.properties.bandwidth as Bandwidth | undefined;
  if (!target || bandwidth === undefined) return undefined;
  const throttles = known.get(clock) ?? new Map<string, Throttle>();
  known.set(clock, throttles);
  const name = JSON.stringify([target.name, bandwidth]);
  const throttle = throttles.get(name) ?? createThrottle(clock, allowedBy(bandwidth));
  throttles.set(name, throttle);
  return throttle;
}
