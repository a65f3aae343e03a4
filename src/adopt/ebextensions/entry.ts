import { isScalar, type Pair } from 'yaml';
import type { NeedsNothing } from '../drafts/needs-nothing.ts';

import type { Place } from '../drafts/place-in-file.ts';

/** What one `.config` file asks for, in the order in which Beanstalk does it. */
export type Entry = { at: Place } & (
  | { kind: 'package'; manager: string; name: string; from: string }
  | { kind: 'source'; directory: string; url: string }
  | { kind: 'file'; path: string; content?: string; source?: string; encoding?: string }
  | {
      kind: 'command';
      name: string;
      text: string;
      cwd?: string;
      /** Its variables, `NAME=value`, and their place. */
      env?: { text: string; at: Place };
      /** Why it can't be taken over, whatever it is. */
      why?: string;
    }
  | { kind: 'service'; name: string; enabled?: boolean; ensureRunning?: boolean }
  /** Nothing that a manifest could hold, and why. */
  | { kind: 'leftover'; what: string; why: string }
  | { kind: 'needless'; what: string; needless: NeedsNothing }
);

/** The name of a member. */
export const keyOf = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key).trim();
