import type { Code } from '../../../diagnostics/codes.ts';
import { type Diagnostic, Failure, failedWith, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { isSecretRef, type SecretRef } from '../../../engine/model/catalog.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { endWords } from '../../../io/errors.ts';
import type { CommandResult } from '../../../io/ports.ts';

/** What a call needs to know of the repository. */
export interface Remote {
  url: string;
  allow_insecure?: boolean;
  username?: string;
  password?: SecretRef;
}

/** Milliseconds: a first clone over a slow line takes long. */
const limit = 60 * 60_000;

/** Seconds without a byte, after which a server is given up. */
const stalled = 300;

/** Runs git in a checkout: no shell, no prompt, no hook, and nothing of a password in its arguments. */
export async function git(args: string[], at: Id, remote: Remote, io: ReadIo): Promise<CommandResult> {
  const env = await environment(remote, io);
  try {
    return await io.run({ file: 'git', args, cwd: at, env, timeout: limit });
  } catch (error) {
    if (!failedWith(error, 'program-not-started')) throw error;
    throw new Failure(
      world('git-missing', 'git is not installed on this host, or not in PATH', {
        hint: 'declare what installs it, and name that with `require:`',
      }),
    );
  }
}

/** As `git`, for calls that have to succeed. Returns what it said on stdout, trimmed. */
export async function gitSays(args: string[], at: Id, remote: Remote, io: ReadIo): Promise<string> {
  const result = await git(args, at, remote, io);
  if (result.exitCode === 0 && !result.timedOut) return result.stdout.trim();
  throw new Failure(gitFailure(args[0]!, remote, result));
}

async function environment({ url, allow_insecure, username = 'git', password }: Remote, io: ReadIo) {
  const access = await io.client('git');
  const config: [string, string][] = [
    ...access.config,
    // Hooks and helpers of a checkout would run as whoever converges.
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['init.templateDir', ''],
    ['submodule.recurse', 'false'],
    ['credential.helper', ''],
    // Less than a byte a second for so long. A server that prepares a large answer sends five each five
    // seconds (git-config, uploadpack.keepAlive).
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(stalled)],
  ];
  if (isSecretRef(password)) {
    const basic = Buffer.from(`${username}:${await io.secret(password)}`).toString('base64');
    // The header is for this repository, so it follows no redirect.
    config.push(
      [`http.${url}.extraHeader`, `Authorization: Basic ${basic}`],
      ['http.followRedirects', 'false'],
    );
  }
  const protocols = [...access.protocols, ...(allow_insecure ? ['http'] : [])];
  return {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    GIT_SSH_COMMAND: `ssh -oBatchMode=yes -oConnectTimeout=60 -oServerAliveInterval=${stalled / 5} -oServerAliveCountMax=5`,
    GIT_ALLOW_PROTOCOL: protocols.join(':'),
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([name, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, name],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/** git's own words, which LC_ALL=C keeps in one language; what isn't known is passed on. */
const known: [pattern: RegExp, code: Code, message: string, hint: string][] = [
  [
    /Authentication failed|could not read (Username|Password)|Permission denied|terminal prompts disabled|The requested URL returned error: 40[13]/i,
    'git-refused',
    own`did not let this machine in`,
    own`give \`username:\` and \`password:\`, or a key that ssh finds by itself`,
  ],
  [
    /Could not resolve host(name)?/i,
    'git-name-unknown',
    own`has a name that cannot be resolved`,
    own`check its spelling and this machine's DNS`,
  ],
  [
    /certificate|SSL/i,
    'git-certificate',
    own`is not trusted`,
    own`let git know the authority: \`http.sslCAInfo\``,
  ],
  [
    /Host key verification failed/i,
    'git-host-key',
    own`is not known to ssh`,
    own`add its key to known_hosts`,
  ],
  [
    /transport '.*' not allowed/i,
    'git-protocol',
    own`is reached by a protocol that is not allowed here`,
    own`use https:// or ssh://; http:// needs \`allow_insecure: true\``,
  ],
  [
    /not found|does not (exist|appear)|The requested URL returned error: 404/i,
    'git-not-found',
    own`is not there`,
    own`check the URL`,
  ],
  [
    /Operation too slow|Timeout, server .* not responding/i,
    'git-timed-out',
    own`sends nothing any more`,
    own`check its server, and the proxy or firewall in between; run again when they are well`,
  ],
  [
    /unable to access|Connection (refused|timed out|reset)|early EOF|hung up/i,
    'git-unreachable',
    own`cannot be reached`,
    own`check host, port and firewall`,
  ],
];

/** What is so for all repositories of a server: told about it, in the same words for each of them. */
const ofServer: readonly Code[] = ['git-unreachable', 'git-name-unknown', 'git-certificate', 'git-host-key'];

/** What a call that failed says. */
export function gitFailure(
  verb: string,
  { url }: Remote,
  { exitCode, stderr, timedOut }: CommandResult,
): Diagnostic {
  if (timedOut)
    return world(
      'git-timed-out',
      `\`git ${verb}\` of ${shown(url)} took longer than an hour and was stopped`,
    );
  const said = shown(lastLine(stderr));
  const [, code, message, hint] = known.find(([pattern]) => pattern.test(stderr)) ?? [];
  if (code === undefined) return world('git-failed', own`\`git ${verb}\` ${endWords(exitCode)}: ${said}`);
  const host = ofServer.includes(code) ? hostOf(url) : undefined;
  const who = host === undefined ? own`the repository ${shown(url)}` : own`the git server ${host}`;
  return world(code, own`${who} ${message}: ${host === undefined ? said : ofAll(said)}`, { hint: hint! });
}

/** What follows `?` is often a token. */
const shown = (text: string): string => text.replace(/(:\/\/[^\s?'"]*)\?[^\s'"]*/g, '$1?…');

/** The server of `https://…`, `ssh://…` and `git@HOST:PATH`; none of a path. */
const hostOf = (url: string): string | undefined =>
  /^[a-z]+:\/\/(?:[^/@]*@)?([^/?#]+)/i.exec(url)?.[1] ?? /^[^/@:]+@([^/:]+):/.exec(url)?.[1];

/** Without the one repository and the moment that it was asked in. */
const ofAll = (said: string): string =>
  said.replace(/^fatal: unable to access '[^']*': /, '').replace(/ after \d+ ms\b/, '');

function lastLine(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 300 ? `…${line.slice(-300)}` : line;
}
