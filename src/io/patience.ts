/**
 * How long a call is tried again. `quick`: a few times, for what somebody waits for. `bulk`: for
 * `bulkTime`, for the reads and writes of a long copy, which an outage of minutes must not undo.
 */
export type Patience = 'quick' | 'bulk';

/** Milliseconds after which the bulk patience is over; counted from the first attempt. */
export const bulkTime = 10 * 60_000;

/** Longest pause between two attempts, ms. */
export const longestDelay = 30_000;
