import { describe, expect, onTestFinished, test } from 'vitest';
import { labGit, worldGit } from '../../../src/content/git-access.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { notStarted } from '../../../src/io/node-processes.ts';
import type { Command } from '../../../src/io/ports.ts';
import { startWeb } from '../../../src/lab/web/server.ts';
import { gitCheckout } from '../../../src/resources/host/git/git_checkout.ts';
import { folderHost, temporaryFolder } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { gitRepository } from '../../support/git-repository.ts';
import { mistakesIn } from '../../support/mistakes.ts';

function setUp(access = worldGit) {
  const { host: own } = folderHost();
  const commands: Command[] = [];
  const host: typeof own = {
    ...own,
    processes: {
      run: (command, signal) => {
        commands.push(command);
        return own.processes.run(command, signal);
      },
    },
  };
  const world = testWorld({ host, connect: async () => access });
  world.secrets['env:TOKEN'] = 'hunter2-correct-horse';
  const repository = gitRepository();
  const converge = async (
    properties: Record<string, Json> = {},
    ensure: 'present' | 'absent' = 'present',
  ) => {
    const run = testRun([gitCheckout], world);
    const resource = declare('git_checkout:/app', { url: repository.url, ...properties }, { ensure });
    const planned = await plan(catalogOf([resource]), run, { engine: '1' });
    const report = await apply(planned, run);
    return {
      action: planned.resources[0]!.action,
      fields: planned.resources[0]!.fields,
      result: report.results[0]!,
    };
  };
  const text = async (path: string) => (await host.files.read(path))?.toString();
  const write = (path: string, content: string) => host.files.writeAtomic(path, Buffer.from(content));
  const networked = () => commands.filter(({ args }) => ['fetch', 'ls-remote'].includes(args[0]!)).length;
  return { host, world, repository, converge, text, write, commands, networked };
}

describe('the revision', () => {
  test('the default, a branch, a tag of either kind, and back', async () => {
    const { repository, converge, text } = setUp();
    repository.commit({ a: '1' });
    repository.tag('v1');
    repository.commit({ a: '2' });
    repository.git('tag', 'light');
    repository.commit({ a: 'next' }, 'feature/next');
    for (const [revision, content] of [
      [undefined, '2'],
      ['feature/next', 'next'],
      ['v1', '1'],
      ['light', '2'],
      ['main', '2'],
    ]) {
      const properties = revision === undefined ? {} : { revision };
      expect((await converge(properties)).result.result).not.toBe('failed');
      expect(await text('/app/a'), revision ?? 'the default').toBe(content);
      expect((await converge(properties)).action).toBe('none');
    }
  });

  test('a moved branch and a moved tag are found', async () => {
    const { repository, converge, text } = setUp();
    const first = repository.commit({ a: '1' });
    repository.tag('live');
    await converge({ revision: 'live' });
    repository.commit({ a: '2' });
    expect((await converge({ revision: 'live' })).action).toBe('none');
    repository.tag('live');
    const { fields } = await converge({ revision: 'live' });
    expect(fields).toMatchObject([{ path: '/revision', before: first, after: 'newest' }]);
    expect(await text('/app/a')).toBe('2');
  });

  test('a commit is asked for once, and not again', async () => {
    const { repository, converge, text, networked } = setUp();
    const commit = repository.commit({ a: '1' });
    repository.commit({ a: '2' });
    await converge({ revision: commit.toUpperCase() });
    expect(await text('/app/a')).toBe('1');
    const asked = networked();
    expect((await converge({ revision: commit })).action).toBe('none');
    expect(networked()).toBe(asked);
  });

  test.each([
    ['no-such-branch', 'git-no-revision'],
    ['0123456789012345678901234567890123456789', 'git-no-revision'],
  ])('%s is not there', async (revision, code) => {
    const { repository, converge } = setUp();
    repository.commit({ a: '1' });
    expect((await converge({ revision })).result).toMatchObject({ result: 'failed', diagnostic: { code } });
  });
});

describe('what is not of the repository', () => {
  test('changes stop an update and are named; files that git does not know stay', async () => {
    const { repository, converge, text, write } = setUp();
    repository.commit({ a: '1', b: '1' });
    await converge();
    await write('/app/b', 'mine');
    await write('/app/log', 'kept');
    expect((await converge()).action).toBe('none');
    repository.commit({ a: '2' });
    const { result } = await converge();
    expect(result).toMatchObject({ result: 'failed', diagnostic: { code: 'local-changes' } });
    expect(result.diagnostic!.message).toContain(': b');
    expect([await text('/app/a'), await text('/app/b')]).toEqual(['1', 'mine']);
    expect((await converge({ discard_changes: true })).result.result).toBe('changed');
    expect([await text('/app/a'), await text('/app/b'), await text('/app/log')]).toEqual(['2', '1', 'kept']);
  });

  test('a directory of somebody else is left alone, an empty one is taken', async () => {
    const { host, repository, converge, text, write } = setUp();
    repository.commit({ a: '1' });
    await host.files.mkdir('/app');
    await write('/app/theirs', 't');
    expect((await converge()).result).toMatchObject({ diagnostic: { code: 'not-a-checkout' } });
    await host.files.remove('/app/theirs');
    await converge();
    expect(await text('/app/a')).toBe('1');
  });

  test('absent removes nothing that would be lost', async () => {
    const { host, repository, converge, write } = setUp();
    repository.commit({ a: '1' });
    await converge();
    await write('/app/mine', 'm');
    expect((await converge({}, 'absent')).result).toMatchObject({ diagnostic: { code: 'local-changes' } });
    await host.files.remove('/app/mine');
    await converge({}, 'absent');
    expect(await host.files.stat('/app')).toBeUndefined();
  });

  test('absent removes nothing while git can not tell what would be lost', async () => {
    const { repository, converge, text, write } = setUp();
    repository.commit({ a: '1' });
    await converge();
    await write('/app/mine', 'm');
    await write('/app/.git/config', '[damaged');
    expect((await converge({}, 'absent')).result).toMatchObject({ diagnostic: { code: 'git-failed' } });
    expect(await text('/app/mine')).toBe('m');
  });

  test('a hook of the checkout is not run', async () => {
    const { host, repository, converge, text, write } = setUp();
    repository.commit({ a: '1' });
    await converge();
    await host.files.mkdir('/app/.git/hooks', { recursive: true });
    await write('/app/.git/hooks/post-checkout', '#!/bin/sh\necho ran > ran\n');
    await host.files.chmod('/app/.git/hooks/post-checkout', 0o755);
    repository.commit({ a: '2' });
    await converge();
    expect(await text('/app/a')).toBe('2');
    expect(await text('/app/ran')).toBeUndefined();
  });

  test('a checkout that was killed half way is not a change of anybody', async () => {
    const { world, repository, converge, text, write } = setUp();
    repository.commit({ a: '1' });
    await converge();
    repository.commit({ a: '2' });
    await write('/app/a', 'half');
    await world.memory.engine.set('git_checkout:/app', 'the commit it was on its way to');
    await converge();
    expect(await text('/app/a')).toBe('2');
  });
});

describe('the way there', () => {
  test('a password is in no argument, and goes to its own repository only', async () => {
    const { converge, commands } = setUp();
    await converge({ url: 'https://127.0.0.1:1/a.git', username: 'me', password: { $secret: 'env:TOKEN' } });
    const call = commands.find(({ args }) => args[0] === 'ls-remote')!;
    expect(JSON.stringify(call.args)).not.toContain('hunter2');
    const settings = Object.values(call.env!);
    const header = settings.indexOf('http.https://127.0.0.1:1/a.git.extraHeader');
    expect(settings[header + 1]).toBe(
      `Authorization: Basic ${Buffer.from('me:hunter2-correct-horse').toString('base64')}`,
    );
    expect(call.env).toMatchObject({ GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file' });
  });

  test.each([
    ['https://127.0.0.1:1/a.git', 'git-unreachable'],
    ['https://no-such-host.invalid/a.git', 'git-name-unknown'],
    ['file:///no/such/repository.git', 'git-not-found'],
  ])('%s: %s', async (url, code) => {
    const { converge } = setUp();
    expect((await converge({ url })).result).toMatchObject({ result: 'failed', diagnostic: { code } });
  });

  test.each([
    ['git-unreachable', 'Failed to connect to 127.0.0.1 port 1 after %d ms: Could not connect to server'],
    ['git-certificate', 'SSL certificate problem: self-signed certificate'],
  ])('what is so of a server is said of each repository in the same words: %s', async (code, why) => {
    const { world, converge } = setUp();
    const said = [];
    for (const [at, name] of ['a', 'b'].entries()) {
      const url = `https://127.0.0.1:1/${name}.git?key=hunter2`;
      const stderr = `fatal: unable to access '${url}/': ${why.replace('%d', `${at}`)}\n`;
      world.host.processes.run = async () => ({ exitCode: 128, stdout: '', stderr, timedOut: false });
      said.push((await converge({ url })).result);
    }
    expect(said[0]).toMatchObject({ diagnostic: { code } });
    const [message, other] = said.map(one => (one as { diagnostic?: Diagnostic }).diagnostic?.message);
    expect(message).toBe(other);
    expect(message).toContain('the git server 127.0.0.1:1 ');
    expect(message).toContain(why.split(' after ')[0]);
  });

  test('what is so of one repository names it, without what follows the question mark', async () => {
    const { world, converge } = setUp();
    const url = 'https://git.example.com/a.git?key=hunter2';
    const stderr = `fatal: repository '${url}/' not found`;
    world.host.processes.run = async () => ({ exitCode: 128, stdout: '', stderr, timedOut: false });
    const { result } = await converge({ url });
    expect(result).toMatchObject({ diagnostic: { code: 'git-not-found' } });
    const { message } = (result as { diagnostic: Diagnostic }).diagnostic;
    expect(message).toContain('https://git.example.com/a.git?…');
    expect(message).not.toContain('hunter2');
  });

  test('a server that sends nothing any more is given up after minutes, and named', async () => {
    const { world, converge } = setUp();
    const url = 'https://git.example.com/a.git';
    const settings: string[] = [];
    world.host.processes.run = async ({ env = {} }) => {
      settings.push(...Object.values(env));
      const stderr = `fatal: unable to access '${url}/': Operation too slow. Less than 1 bytes/sec transferred the last 300 seconds`;
      return { exitCode: 128, stdout: '', stderr, timedOut: false };
    };
    expect((await converge({ url })).result).toMatchObject({
      result: 'failed',
      diagnostic: {
        code: 'git-timed-out',
        message: expect.stringContaining(`${url} sends nothing any more`),
      },
    });
    expect(settings[settings.indexOf('http.lowSpeedLimit') + 1]).toBe('1');
    expect(settings[settings.indexOf('http.lowSpeedTime') + 1]).toBe('300');
    expect(settings).toContainEqual(expect.stringMatching(/^ssh .*-oServerAliveInterval=60 /));
  });

  test('a host without git', async () => {
    const { world, converge } = setUp();
    world.host.processes.run = async ({ file }) => {
      throw notStarted({ file }, 'ENOENT');
    };
    const { result } = await converge();
    expect(result).toMatchObject({
      result: 'failed',
      diagnostic: { code: 'git-missing', hint: expect.stringContaining('`require:`') },
    });
  });

  test('in a lab every host is the stand-in, and no other protocol goes out', async () => {
    const web = await startWeb({ dir: temporaryFolder() });
    onTestFinished(() => web.close());
    const { repository, converge, text } = setUp(labGit(web.url));
    repository.commit({ a: '1' });
    repository.git('update-server-info');
    await web.publish('git.example.com', `${repository.dir}/..`);
    await converge({ url: 'https://git.example.com/repository.git' });
    expect(await text('/app/a')).toBe('1');
    expect((await converge({ url: 'https://git.example.com/repository.git' })).action).toBe('none');
    const { result } = await converge({ url: 'ssh://git@git.example.com/repository.git' });
    expect(result).toMatchObject({ result: 'failed', diagnostic: { code: 'git-protocol' } });
  });

  test('mistakes in the manifest', () => {
    const of = (properties: Parameters<typeof gitCheckout.identity>[0]) =>
      mistakesIn(gitCheckout, '/app', properties);
    // That it holds a password is said about any URL, before a type is asked.
    expect(of({ url: 'http://me:pw@example.com/a' })).toMatch(/protects nothing/);
    expect(of({ url: 'http://example.com/a' })).toContain('protects nothing');
    expect(of({ url: 'git@example.com:a', password: { $secret: 'env:X' } })).toContain('for https');
    expect(of({ url: 'git@example.com:a' })).toBe('');
  });
});
