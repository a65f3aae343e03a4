import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { placeOf } from './open.ts';

/** What a service is told besides its manifests, as `agent` and `worker` take it. */
export interface ServiceArguments {
  slots?: string | undefined;
  env?: string | undefined;
  set?: string[] | undefined;
  logFormat?: string | undefined;
  listen?: string | undefined;
  token?: string | undefined;
  name?: string[] | undefined;
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  queue?: string | undefined;
  queuePassword?: string | undefined;
  queueCa?: string | undefined;
}

type Kind = 'plain' | 'file' | 'source';

const flags = [
  ['slots', '--slots', 'plain'],
  ['env', '--env', 'plain'],
  ['set', '--set', 'plain'],
  ['logFormat', '--log-format', 'plain'],
  ['listen', '--listen', 'plain'],
  ['token', '--token', 'source'],
  ['name', '--name', 'plain'],
  ['tlsCert', '--tls-cert', 'file'],
  ['tlsKey', '--tls-key', 'source'],
  ['queue', '--queue', 'plain'],
  ['queuePassword', '--queue-password', 'source'],
  ['queueCa', '--queue-ca', 'file'],
] as const satisfies readonly (readonly [keyof ServiceArguments, string, Kind])[];

/** What the page of an agent needs `--listen` for, and a queue its URL. */
const needs = { token: 'listen', name: 'listen', tlsCert: 'listen', tlsKey: 'listen' } as const;
const needsQueue = ['queuePassword', 'queueCa'] as const;

/**
 * The same as arguments of a service, and the files that it reads. It starts in a folder of its own and has
 * nobody's environment: paths are whole, and secrets are files or credentials.
 *
 * @param credentials names that the service manager hands over; undefined: it hands over none
 * @throws Failure `bad-secret-source`, `agent-mixed`, `missing-argument`; all that is wrong. What `placeOf`
 * throws
 */
export function serviceArguments(
  options: ServiceArguments & { worker?: boolean | undefined },
  credentials: readonly string[] | undefined,
  whole: (path: string) => string,
): { args: string[]; files: string[] } {
  const wrong = mixed(options);
  const args: string[] = [];
  const files: string[] = [];
  for (const [name, flag, kind] of flags)
    for (const text of [options[name] ?? []].flat()) {
      if (kind === 'source') wrong.push(...doubtsOf(flag, text, credentials));
      const path = kind === 'file' ? text : kind === 'source' ? /^file:(.+)$/s.exec(text)?.[1] : undefined;
      if (path !== undefined) files.push(path);
      args.push(flag, path === undefined ? text : `${kind === 'file' ? '' : 'file:'}${whole(path)}`);
    }
  if (wrong.length > 0) throw new Failure(wrong);
  // What the page refuses would begin and end again for ever.
  if (options.listen !== undefined) placeOf(options);
  return { args, files };
}

function mixed(options: Parameters<typeof serviceArguments>[0]): Diagnostic[] {
  const given_ = (names: readonly (keyof ServiceArguments)[]) =>
    flags.filter(([name]) => names.includes(name) && options[name] !== undefined).map(([, flag]) => flag);
  const ofPage = Object.keys(needs) as (keyof typeof needs)[];
  const lonely = (names: readonly (keyof ServiceArguments)[], of: 'listen' | 'queue'): Diagnostic[] =>
    options[of] === undefined && given_(names).length > 0
      ? [
          given('agent-mixed', `${given_(names).join(', ')} without --${of}`, {
            hint: `say --${of} as well, or leave it out`,
          }),
        ]
      : [];
  const { worker } = options;
  const forAgent = worker ? given_(['listen', ...ofPage]) : [];
  return [
    ...(forAgent.length > 0
      ? [
          given('agent-mixed', `a worker serves no page, so ${forAgent.join(', ')} mean nothing to it`, {
            hint: 'give them to the service of the agent',
          }),
        ]
      : lonely(ofPage, 'listen')),
    ...(worker && options.queue === undefined
      ? [
          given('missing-argument', '--worker needs the queue that it takes from', {
            hint: 'name it: --queue rediss://HOST',
          }),
        ]
      : lonely(needsQueue, 'queue')),
  ];
}

function doubtsOf(flag: string, source: string, credentials: readonly string[] | undefined): Diagnostic[] {
  const [, kind, name = ''] = /^(env|file|credential):(.+)$/s.exec(source) ?? [];
  const bad = (message: string, hint: string) => [given('bad-secret-source', message, { hint })];
  if (kind === undefined)
    return bad(`${flag}: a secret of a service is given as credential:NAME or file:PATH`, 'name where it is');
  if (kind !== 'file' && credentials === undefined)
    return bad(
      `${flag} ${source}: a task of Windows has neither credentials nor anybody's environment`,
      own`write it to a file that Local Service alone may read: ${flag} file:PATH`,
    );
  if (kind === 'env')
    return bad(
      `${flag} ${source}: a service has nobody's environment`,
      own`hand it over: --credential ${name}=FILE, and ${flag} credential:${name}`,
    );
  if (kind === 'credential' && !credentials?.includes(name))
    return bad(`${flag} ${source}: no such credential is handed over`, own`add --credential ${name}=FILE`);
  return [];
}
