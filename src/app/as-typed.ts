import type { CommonOptions, RepositoryOptions } from './options.ts';

/** What says where manifests are, or what was given in their place, and which world a command is about. */
export type Where = Partial<Omit<CommonOptions, 'lockTimeout'>> & RepositoryOptions;

const one = ['repository', 'key', 'region', 'profile', 'endpoint', 'env'] as const;

/**
 * How the next command says the same: what was typed for this one, as a shell takes it. `--lab` and `--state`
 * are part of it: without them the next command would be about another world.
 */
export function asTyped(paths: readonly string[], options: Where): string {
  const words = [...paths];
  // Some commands take one of them several times.
  for (const name of one) for (const value of [options[name] ?? []].flat()) words.push(`--${name}`, value);
  for (const value of options.set ?? []) words.push('--set', value);
  if (options.state !== undefined) words.push('--state', options.state);
  // Without a folder it would take the next word for one: it stands last.
  if (options.lab !== undefined) words.push('--lab', ...(options.lab === true ? [] : [options.lab]));
  return words.map(quoted).join(' ');
}

/** In single quotes where a shell would read it as something else. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** How the manifests of the command that runs are named, or what was given in their place. */
export interface Typed {
  paths?: string;
  repository?: string;
}

/**
 * Commands in what is said name manifests by `PATHS`, which nobody can type. In the place of those that were
 * named a repository goes where a command takes it.
 */
export function withPaths(text: string, { paths, repository }: Typed): string {
  if (paths !== undefined) return text.replace(anyCommand, (_, before: string) => `${before}${paths}`);
  if (repository === undefined) return text;
  return text.replace(recovering, (_, before: string) => `${before}${repository}`);
}

const anyCommand = /(\bconverge [^`]*?)\bPATHS\b/g;
const recovering = /(\bconverge (?:failover|readiness) [^`]*?)\bPATHS\b/g;
