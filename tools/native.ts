/** Faster parts for some machines, which the packages that ask for them do without: never in a bundle. */
export const native = ['msgpackr-extract'];
