import type { SeenFacts } from '../../recovery/guest-facts/format.ts';
import { factsOfWindows } from '../../recovery/guest-facts/windows-facts.ts';
import { placeOf } from '../registry/registry-data.ts';
import type { WindowsLook } from './look.ts';

/** What this machine would bring along into EC2. */
export const windowsFacts = ({ registry, ...look }: WindowsLook): SeenFacts =>
  factsOfWindows({ ...look, get: place => registry.get(placeOf(place)) });
