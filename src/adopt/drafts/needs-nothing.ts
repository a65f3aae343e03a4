/**
 * All that a line can be that is read and needs nothing: the one list of what adopting leaves away without a
 * decision of anybody.
 */
export const needsNothing = {
  prints: 'it only prints',
  reads: 'it only reads',
  backup: 'converge reads for itself, and makes a backup before its first change',
  recycle: 'converge recycles what it changes',
  iisreset: 'what the types change is in force at once',
  ends: 'it ends what has ended',
  folder: 'resources name whole paths',
  module: 'converge needs no module',
  script: 'every line of it is a resource now',
  arguments: 'the script reads none of its arguments',
  environment: 'every line of the command is a resource now, and reads no variable',
  again: 'it is deleted to be added anew, which the resource does',
  webConfig:
    "these commands wrote the site's web.config; the resource writes applicationHost.config (`commit: site` for the old way)",
  ignored: 'Windows platforms ignore it',
  empty: 'nothing is said about it',
  restart: 'a restart is over at once: what it restarts is declared running',
} as const;

export type NeedsNothing = keyof typeof needsNothing;

/**
 * Keys of an entry that change nothing of what the machine ends up with: a resource that fails is told, and
 * what comes next waits for it.
 */
export const needlessKeys: ReadonlySet<string> = new Set(['ignoreErrors', 'waitAfterCompletion']);
