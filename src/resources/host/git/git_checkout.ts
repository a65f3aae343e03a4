import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import { withoutPasswords } from '../../../diagnostics/url-passwords.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Mistake,
  Observation,
  Outcome,
  Step,
} from '../../../engine/model/resource-type.ts';
import { oneByOne } from '../../shared/each-step.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesFiles } from '../../shared/realms.ts';
import { secret } from '../../shared/schema-parts.ts';
import { observeEach } from '../paths/observe-each.ts';
import { ancestors, hostPath, ownPathMistakes, writtenPath } from '../paths/path.ts';
import { filesClaim, kindClaim } from '../paths/path-claims.ts';
import { type Found, findRevision, isCommit } from './revision.ts';
import { git, gitFailure, gitSays, type Remote } from './run-git.ts';

export interface GitCheckoutState {
  url: string;
  /** The commit that is checked out; `newest` when the revision is a branch or tag that is at it. */
  revision: string;
  /** Of files that git knows; left out where they may stay. */
  changes?: 'none' | 'some';
}

/** Asked for at once. */
const atOnce = 4;

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'The directory, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
    url: Type.String({
      description: 'The repository: `https://…`, `ssh://…`, `git@HOST:PATH` or `file:///…`.',
      pattern:
        '^((https?|ssh)://[^\\s-][^\\s]*|file:///[^\\s]+|[A-Za-z0-9._]+@[A-Za-z0-9._-]+:[^\\s-][^\\s]*)$',
    }),
    revision: Type.Optional(
      Type.String({
        description:
          "A branch, a tag, or a commit with all of its digits; the repository's own default when left out.",
        pattern: '^[A-Za-z0-9_][A-Za-z0-9._/+@-]*$',
      }),
    ),
    discard_changes: Type.Optional(
      Type.Boolean({
        description: 'Undo changes that were made to files of the repository, instead of refusing.',
      }),
    ),
    allow_insecure: Type.Optional(
      Type.Boolean({ description: 'Take it over `http://`: anybody on the way can change it.' }),
    ),
    username: Type.Optional(Type.String({ description: 'For https; `git` when left out.', minLength: 1 })),
    password: Type.Optional(secret({ description: 'Password or token for https.' })),
  },
  { additionalProperties: false },
);

/** As written. */
export type GitCheckoutProperties = Static<typeof schema>;

export const gitCheckout: BuiltInType<typeof schema, GitCheckoutState> = {
  name: 'git_checkout',
  doc: `A directory of this host with the files of a git repository at one revision. The title is the directory, or
\`path:\` says it. It takes the program \`git\`.

A branch or tag is followed: each run asks the server once where it is. A commit is asked for only when it is not
there yet. Files that git doesn't know stay. Changes to files that it knows stop an update, unless
\`discard_changes\` undoes them. No hooks are run, no submodules fetched, and nothing is ever asked on a terminal.
Absent removes the directory, unless something in it would be lost.`,
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 'git_checkout', concurrency: 4, alsoDirties: writesFiles('git_checkout') },
  check: (properties, title, where) => [
    ...ownPathMistakes(properties, title, where),
    ...urlMistakes(properties),
  ],
  identity: ({ path }, title, where) => hostPath(path ?? title, where),
  provides: (_, id) => [`path:${id}`],
  needs: (_, id) => [{ anyOf: ancestors(id).map(path => `path:${path}`) }],
  claims: (_, id) => [kindClaim(id, 'directory'), filesClaim(id)],
  desired: ({ url, revision, discard_changes }) => ({
    url,
    revision: isCommit(revision) ? revision.toLowerCase() : 'newest',
    ...(discard_changes && { changes: 'none' }),
  }),
  observe: (asked, io) => observeEach(asked, io, atOnce, look),
  findSource: ({ properties }, io) => findRemote(properties, io),
  apply: (steps, io) => oneByOne(steps, step => change(step, io)),
};

function urlMistakes({ url, allow_insecure, password }: GitCheckoutProperties): Mistake[] {
  const parsed = URL.parse(url);
  const mistakes: Mistake[] = [];
  if (parsed?.protocol === 'http:' && allow_insecure !== true) {
    const message = `http:// protects nothing on the way from ${parsed.host}`;
    mistakes.push(mistake('/url', 'insecure-git', message, 'use https://, or say `allow_insecure: true`'));
  }
  if (password !== undefined && parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:')
    mistakes.push(mistake('/password', 'contradiction', 'a password is for https://', 'let ssh find a key'));
  return mistakes;
}

/** One request. Whether a commit is there, no request tells; that there is a repository is looked at. */
async function findRemote(properties: GitCheckoutProperties, io: ReadIo): Promise<undefined> {
  const { revision, url } = properties;
  const at = io.platform === 'win32' ? 'C:/' : '/';
  if (isCommit(revision)) await gitSays(['ls-remote', '--', url, 'HEAD'], at, properties, io);
  else await findRevision(revision, { at, remote: properties }, io);
  return undefined;
}

const memoryKey = (id: Id): string => `git_checkout:${id}`;

async function look(
  { id, properties }: Asked<GitCheckoutProperties>,
  io: ReadIo,
): Promise<Observation<GitCheckoutState>> {
  const kind = (await io.files.stat(id))?.kind;
  if (kind === undefined) return { state: 'absent' };
  const names = kind === 'directory' ? ((await io.files.list(id)) ?? []) : [];
  if (kind === 'directory' && names.length === 0) return { state: 'absent' };
  if (!names.includes('.git')) throw foreign(id);
  const head = await headOf(id, properties, io);
  const config = await git(['config', '--get', 'remote.origin.url'], id, properties, io);
  // Somebody else's may hold a token, which no plan shows.
  const url = withoutPasswords(config.stdout.trim());
  const isNewest =
    head !== undefined &&
    url === properties.url &&
    !isCommit(properties.revision) &&
    (await findRevision(properties.revision, { at: id, remote: properties }, io)).commit === head;
  return {
    state: 'present',
    value: {
      url,
      revision: isNewest ? 'newest' : (head ?? 'none'),
      ...(properties.discard_changes && {
        // One without a commit, or that git can't read, is made anew anyway.
        changes: head !== undefined && (await changesIn(id, properties, io)).length > 0 ? 'some' : 'none',
      }),
    },
  };
}

/**
 * The commit that is checked out here; undefined when there is none, also where only a directory above has
 * one.
 */
async function headOf(id: Id, remote: Remote, io: ReadIo): Promise<string | undefined> {
  const { exitCode, stdout } = await git(['rev-parse', '--show-prefix', 'HEAD^{commit}'], id, remote, io);
  const [prefix, head] = stdout.split('\n');
  return exitCode === 0 && prefix === '' ? head?.trim() : undefined;
}

/**
 * Changed files; `untracked`: also those that git doesn't know. Rejects with a Failure when git can't tell,
 * as in a directory that belongs to somebody else: then nobody knows what would be lost.
 */
async function changesIn(id: Id, remote: Remote, io: ReadIo, untracked = false): Promise<string[]> {
  const said = await git(
    ['status', '--porcelain', `--untracked-files=${untracked ? 'all' : 'no'}`],
    id,
    remote,
    io,
  );
  if (said.exitCode !== 0 || said.timedOut) throw new Failure(gitFailure('status', remote, said));
  return said.stdout.split('\n').flatMap(line => (line === '' ? [] : [line.slice(3)]));
}

async function change(step: Step<GitCheckoutProperties, GitCheckoutState>, io: WriteIo): Promise<Outcome> {
  try {
    return step.kind === 'delete' ? await remove(step, io) : await checkOut(step, io);
  } catch (error) {
    step.signal.throwIfAborted();
    const diagnostic = oneDiagnostic(error);
    return {
      ok: false,
      diagnostic,
      retry: diagnostic.code === 'git-unreachable' ? 'safe' : 'asked',
      undone: false,
    };
  }
}

async function checkOut(
  { id, kind, asked }: Step<GitCheckoutProperties, GitCheckoutState>,
  io: WriteIo,
): Promise<Outcome> {
  const { properties } = asked;
  // A checkout that was killed half way left changes of its own.
  const force = properties.discard_changes === true || io.memory.get(memoryKey(id)) !== undefined;
  if (kind === 'update' && !force && (await headOf(id, properties, io)) !== undefined)
    refuseChanges(id, await changesIn(id, properties, io));
  const run = (...args: string[]) => gitSays(args, id, properties, io);
  await io.step(`prepare ${id}`);
  if (!(await io.files.stat(id))) await io.files.mkdir(writtenPath(properties.path ?? asked.title, io));
  await run('init', '--quiet', '.');
  await run('config', 'remote.origin.url', properties.url);
  await io.step(`fetch ${id}`);
  const { commit, ref } = await findRevision(properties.revision, { at: id, remote: properties }, io);
  await fetchCommit(id, { commit, ...(ref !== undefined && { ref }) }, properties, io);
  await io.step(`check out ${id}`);
  await io.memory.set(memoryKey(id), commit);
  await run('checkout', '--quiet', ...(force ? ['--force'] : []), '--detach', commit);
  await io.memory.set(memoryKey(id), undefined);
  return { ok: true, note: `at ${commit.slice(0, 12)}` };
}

async function fetchCommit(id: Id, { commit, ref }: Found, remote: Remote, io: WriteIo): Promise<void> {
  const has = async () =>
    (await git(['cat-file', '-e', `${commit}^{commit}`], id, remote, io)).exitCode === 0;
  if (await has()) return;
  const fetch = (...refs: string[]) => [
    'fetch',
    '--quiet',
    '--force',
    '--no-tags',
    '--no-recurse-submodules',
    'origin',
    ...refs,
  ];
  if (ref !== undefined) await gitSays(fetch(ref), id, remote, io);
  // Not every server hands out a commit by itself; all of them hand out their branches and tags.
  else if ((await git(fetch(commit), id, remote, io)).exitCode !== 0)
    await gitSays(fetch('refs/heads/*:refs/remotes/origin/*', 'refs/tags/*:refs/tags/*'), id, remote, io);
  if (await has()) return;
  throw new Failure(
    world('git-no-revision', `the repository ${remote.url} has no commit ${commit}`, {
      hint: 'check that it was pushed',
    }),
  );
}

async function remove(
  { id, asked }: Step<GitCheckoutProperties, GitCheckoutState>,
  io: WriteIo,
): Promise<Outcome> {
  if (asked.properties.discard_changes !== true)
    refuseChanges(id, await changesIn(id, asked.properties, io, true));
  await io.step(`remove ${id}`);
  await io.files.remove(id, { recursive: true });
  await io.memory.set(memoryKey(id), undefined);
  return { ok: true };
}

function refuseChanges(id: Id, changes: readonly string[]): void {
  if (changes.length === 0) return;
  const names =
    changes.slice(0, 5).join(', ') + (changes.length > 5 ? `, and ${changes.length - 5} more` : '');
  throw new Failure(
    world('local-changes', `${id} is left as it is: it holds changes that would be lost: ${names}`, {
      hint: 'commit or move them, or say `discard_changes: true`',
    }),
  );
}

const foreign = (id: Id): Failure =>
  new Failure(
    world('not-a-checkout', `${id} is there, and is not a checkout of a git repository`, {
      hint: 'move it away, or give another directory',
    }),
  );
