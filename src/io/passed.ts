/**
 * Whether so much time has passed since a moment. A clock that was put back, in which that moment is yet to
 * come, says yes: whoever waits would else wait for as long as it was put back.
 *
 * @param since, now ms since the epoch
 */
export const hasPassed = (ms: number, since: number, now: number): boolean =>
  now < since || now - since >= ms;
