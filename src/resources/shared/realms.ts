/**
 * Realms of this host whose types look at files: all of these are stale once something has written files. On
 * Linux that is where services, variables and the time zone are kept, too.
 */
const fileReaders = [
  'files',
  'git_checkout',
  'downloads',
  's3_sync',
  'hosts',
  'raw_image',
  'iis',
  'services',
  'environment',
  'env_path',
  'timezone',
  'scheduled_task',
];

/** Realms of what Windows keeps in its registry. */
const registryReaders = [
  'registry',
  'services',
  'environment',
  'env_path',
  'timezone',
  'scheduled_task',
  'firewall',
  'certificates',
  'packages',
];

/** What a realm's writes make stale beside itself when they write files. */
export const writesFiles = (own: string): string[] => fileReaders.filter(name => name !== own);

/** The same for what writes files on Linux and the registry on Windows. */
export const writesSettings = (own: string): string[] =>
  [...new Set([...fileReaders, ...registryReaders])].filter(name => name !== own);

/** The same for what Windows keeps in its registry alone. */
export const writesRegistry = (own: string): string[] => registryReaders.filter(name => name !== own);
