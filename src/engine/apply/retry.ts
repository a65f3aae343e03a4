import type { Outcome } from '../model/resource-type.ts';
import type { Subject } from '../model/subject.ts';

/** For resources that don't say: twice more, the first time after a second. */
const usual = { attempts: 2, wait: 1000 };

/** Whether to try again what came out so at the try number `attempt` (from 1): the type has to say that it is safe. */
export const triesLeft = ({ declared }: Subject, outcome: Outcome, attempt: number): boolean =>
  !outcome.ok && outcome.retry === 'safe' && attempt <= (declared.meta.retry ?? usual).attempts;

/** Milliseconds, doubling with each try. */
export const waitBefore =
  (attempt: number) =>
  ({ declared }: Subject): number =>
    (declared.meta.retry?.wait ?? usual.wait) * 2 ** (attempt - 1);
