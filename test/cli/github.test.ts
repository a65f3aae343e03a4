import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cli, scratch } from '../support/cli.ts';

const docs = join(import.meta.dirname, '../../docs/ci.md');

/** A checkout with manifests below `infra/`, and the variables that a runner sets in a step. */
async function checkout(manifest: string) {
  const dir = await scratch();
  const infra = join(dir, 'repo/infra');
  await mkdir(join(infra, 'manifests'), { recursive: true });
  await writeFile(join(infra, 'manifests/site.yaml'), manifest);
  await writeFile(join(dir, 'summary.md'), 'before\n');
  const env = {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKFLOW: 'converge',
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_REPOSITORY: 'example/infra',
    GITHUB_WORKSPACE: join(dir, 'repo'),
    GITHUB_STEP_SUMMARY: join(dir, 'summary.md'),
    GITHUB_OUTPUT: join(dir, 'output'),
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: dir,
  };
  return { infra, env, summary: () => readFile(join(dir, 'summary.md'), 'utf8') };
}

const site = `converge: 1
resources:
  file:
    srv: { kind: directory }
    srv/motd: { content: hello }
`;

test('a plan is shown, annotated beside its lines from the root, and appended to the summary', async () => {
  const { infra, env, summary } = await checkout(site);
  const { code, stdout, stderr } = await cli(infra, ['plan', 'manifests'], { env });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^ {2}\+ create {2}file:srv/);
  expect(stdout).toContain(
    '::notice file=infra/manifests/site.yaml,line=4,col=5,title=create file%3Asrv::kind: directory\n',
  );
  expect(await summary()).toMatch(/^before\n<!-- converge-plan -->\n### converge plan: 2 to create/);
});

test('an apply says what it does in the same places', async () => {
  const { infra, env, summary } = await checkout(site);
  const { code, stdout, stderr } = await cli(infra, ['apply', 'manifests'], { env });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^::notice file=infra\/manifests\/site.yaml/m);
  expect(await summary()).toContain('2 to create');
});

test('a mistake is an annotation, whatever the command and format', async () => {
  const { infra, env } = await checkout(site.replace('content', 'contnet'));
  for (const args of [['validate'], ['plan', '--format', 'json'], ['apply']]) {
    const { code, stdout, stderr } = await cli(infra, [args[0]!, 'manifests', ...args.slice(1)], { env });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^::error file=infra\/manifests\/site.yaml,line=5,col=17,title=unknown-property::.*contnet.*%0Adid you mean/m,
    );
  }
});

test('asked for JSON or Markdown, stdout holds nothing else', async () => {
  const { infra, env } = await checkout(site);
  const json = await cli(infra, ['plan', 'manifests', '--format', 'json'], { env });
  expect(JSON.parse(json.stdout)).toMatchObject({ converge_plan: 1 });
  const markdown = await cli(infra, ['plan', 'manifests', '--format', 'markdown'], { env });
  expect(markdown.stdout).toMatch(/^<!-- converge-plan -->\n/);
  expect(markdown.stdout).not.toContain('::notice');
});

test('without a runner nothing of it is there, unless asked for', async () => {
  const { infra, env, summary } = await checkout(site);
  const { GITHUB_ACTIONS: _, ...local } = env;
  expect((await cli(infra, ['plan', 'manifests'], { env: local })).stdout).not.toContain('::');
  expect(await summary()).toBe('before\n');
  const asked = await cli(infra, ['plan', 'manifests', '--format', 'github'], { env: local });
  expect(asked.stdout).toContain('::notice');
});

interface Workflow {
  jobs: Record<string, { steps: { run?: string; if?: string }[] }>;
}

describe('the workflow file of docs/ci.md', () => {
  const workflows = async () => {
    const text = await readFile(docs, 'utf8');
    return [...text.matchAll(/```yaml\n# \.github\/workflows\/\S+\n([\s\S]*?)```/g)].map(
      ([, yaml]) => parse(yaml!) as Workflow,
    );
  };
  const commandsOf = ({ jobs }: Workflow): string[][] =>
    Object.values(jobs)
      .flatMap(({ steps }) => steps.flatMap(({ run }) => run?.split('\n') ?? []))
      .map(line => line.trim())
      .filter(line => line.startsWith('npx converge '))
      .map(line => line.split(/\s+/).slice(2));

  test('its converge commands do what they are there for', async () => {
    const all = (await workflows()).flatMap(commandsOf);
    expect(all.map(([command]) => command)).toEqual(['validate', 'plan', 'plan', 'apply']);
    const { infra, env, summary } = await checkout(site);
    // What somebody with access committed beside the manifests.
    expect((await cli(infra, ['observe', 'manifests', '-o', 'observed.json'])).code).toBe(0);
    const digest = (
      JSON.parse((await cli(infra, ['plan', 'manifests', '--format', 'json'])).stdout) as { digest: string }
    ).digest;
    for (const args of all) {
      const words = args.map(word => (word === '"$DIGEST"' ? digest : word));
      const redirect = words.indexOf('>');
      const { code, stderr, stdout } = await cli(infra, redirect === -1 ? words : words.slice(0, redirect), {
        env,
      });
      expect(code, `${words.join(' ')}\n${stderr}`).toBe(0);
      if (redirect !== -1) expect(stdout).toMatch(/^<!-- converge-plan -->/);
    }
    expect(await readFile(join(infra, 'srv/motd'), 'utf8')).toBe('hello');
    expect(await summary()).toContain('### converge plan');
  });
});
