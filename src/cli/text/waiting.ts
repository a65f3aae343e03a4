/** That a target is waited for, or goes on, as a line. */
export const waitingText = ({ target, why }: { target: string; why?: string }): string =>
  why === undefined ? `${target} answers again` : `waiting for ${target}: ${why}`;
