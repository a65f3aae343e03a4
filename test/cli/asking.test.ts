import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliOptions, cli, scratch } from '../support/cli.ts';
import { runtimeDirectory } from '../support/runtime-directory.ts';

/** A manifest whose file is made in the same folder. */
async function folder(resources = 'file: { new.txt: { content: x } }') {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), `converge: 1\nresources: { ${resources} }\n`);
  return dir;
}

const made = (dir: string) => readFile(join(dir, 'new.txt'), 'utf8').catch(() => undefined);

/** Somebody at a terminal who gives this answer, and what was asked. */
function terminal(answer: string | undefined, meanwhile?: () => Promise<unknown>) {
  const asked: string[] = [];
  const options: CliOptions = {
    columns: 100,
    env: { NO_COLOR: '1' },
    async ask(question) {
      asked.push(question);
      await meanwhile?.();
      return answer;
    },
  };
  return { asked, options };
}

describe('apply on a terminal', () => {
  test.each(['y', 'Y', 'yes', ' YES '])('shows the plan, asks once, and goes on after %j', async answer => {
    const dir = await folder();
    const { asked, options } = terminal(answer);
    const { code, stdout } = await cli(dir, ['apply', 'm.yaml'], options);
    expect(asked).toEqual(['Make 1 change? [y/N] ']);
    expect(code).toBe(0);
    expect(stdout).toContain('file:new.txt');
    expect(stdout).toContain('Applied: 1 change');
    expect(await made(dir)).toBe('x');
  });

  test.each(['n', '', 'no', 'yesterday', undefined])('does nothing after %j: exit code 8', async answer => {
    const dir = await folder();
    const { asked, options } = terminal(answer);
    const { code, stdout, stderr } = await cli(dir, ['apply', 'm.yaml'], options);
    expect(asked).toHaveLength(1);
    expect(code).toBe(8);
    expect(stdout).toContain('file:new.txt');
    expect(stdout).not.toContain('Applied');
    expect(stderr).toBe('nothing was changed\n');
    expect(await made(dir)).toBeUndefined();
    expect(await readdir(join(runtimeDirectory, 'host')).catch(() => [])).toEqual([]);
  });

  test('what the plan warns of is told before the question, and once', async () => {
    const dir = await folder(
      'file: { new.txt: { content: x } }, exec: { odd: { command: [/bin/true], unless: [/nonexistent/program] } }',
    );
    await mkdir(join(dir, '.converge'));
    await writeFile(join(dir, '.converge/state.json'), 'half');
    let before = '';
    let stderr = '';
    const { options } = terminal('y', async () => {
      before = stderr;
    });
    const ended = await cli(dir, ['apply', 'm.yaml'], {
      ...options,
      onStderr: text => {
        stderr += text;
      },
    });
    expect(ended.code).toBe(4);
    for (const what of ['state.json', '`exec:odd`']) {
      expect(before).toContain(what);
      expect(
        ended.stderr.split('\n').filter(line => /^(error|warning)/.test(line) && line.includes(what)),
      ).toHaveLength(1);
    }
    expect(await made(dir)).toBe('x');
  });

  test('nothing is asked when nothing would change', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'new.txt'), 'x');
    const { asked, options } = terminal('n');
    const { code } = await cli(dir, ['apply', 'm.yaml'], options);
    expect(asked).toEqual([]);
    expect(code).toBe(0);
  });

  test('no lock is held meanwhile; what changed since the plan was shown is found after the answer', async () => {
    const dir = await folder();
    const other = await folder();
    const { options } = terminal('y', async () => {
      const { code } = await cli(other, ['apply', 'm.yaml', '--state', join(dir, '.converge')]);
      expect(code).toBe(0);
      await writeFile(join(dir, 'new.txt'), 'of somebody else');
    });
    const { code, stderr } = await cli(dir, ['apply', 'm.yaml'], options);
    expect(code).toBe(8);
    expect(stderr).toContain('error[stale-plan]');
    expect(await made(dir)).toBe('of somebody else');
  });

  test('a lock that another run holds after the answer refuses', async () => {
    const dir = await folder();
    const { takeLock } = await import('../../src/io/locks/lock.ts');
    const { nodeHost } = await import('../../src/io/node.ts');
    const { blocked } = await import('../../src/diagnostics/diagnostic.ts');
    let release: (() => Promise<void>) | undefined;
    const { options } = terminal('y', async () => {
      const lock = await takeLock(join(runtimeDirectory, 'host'), {
        host: nodeHost(),
        timeout: 0,
        refused: () => blocked('locked', 'held'),
      });
      release = () => lock.release();
    });
    const { code, stderr } = await cli(dir, ['apply', 'm.yaml'], options);
    await release?.();
    expect(code).toBe(8);
    expect(stderr).toContain('error[locked]');
    expect(await made(dir)).toBeUndefined();
  });

  test('Ctrl-C at the question interrupts', async () => {
    const dir = await folder();
    const interrupt = new AbortController();
    const { options } = terminal(undefined, async () => interrupt.abort('SIGINT'));
    const { code, stderr } = await cli(dir, ['apply', 'm.yaml'], { ...options, interrupt: interrupt.signal });
    expect(code).toBe(130);
    expect(stderr).toBe('interrupted\n');
    expect(await made(dir)).toBeUndefined();
  });

  test.each([[['--yes']], [['-y']], [['--noop']], [['--lab', 'lab']]])(
    'nobody is asked with %j',
    async flags => {
      const dir = await folder();
      const { asked, options } = terminal('n');
      const { code } = await cli(dir, ['apply', 'm.yaml', ...flags], options);
      expect(asked).toEqual([]);
      expect(code).toBe(0);
    },
  );

  test('nor with a plan file or a digest: both were approved', async () => {
    const dir = await folder();
    const { asked, options } = terminal('n');
    const { stdout } = await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json'], options);
    const digest = /\b[0-9a-f]{8,64}\b(?=\s*$)/.exec(stdout.trimEnd())?.[0];
    expect(digest).toBeDefined();
    expect((await cli(dir, ['apply', 'm.yaml', '--digest', digest!, '--noop'], options)).code).toBe(0);
    expect((await cli(dir, ['apply', 'plan.json'], options)).code).toBe(0);
    await writeFile(join(dir, 'new.txt'), 'other');
    const again = await cli(dir, ['plan', 'm.yaml'], options);
    const next = /\b[0-9a-f]{8,64}\b(?=\s*$)/.exec(again.stdout.trimEnd())![0];
    expect((await cli(dir, ['apply', 'm.yaml', '--digest', next], options)).code).toBe(0);
    expect(asked).toEqual([]);
  });

  test('nor in CI, nor when stdout is a pipe', async () => {
    for (const change of [{ env: { CI: 'true' } }, { columns: undefined }]) {
      const dir = await folder();
      const { asked, options } = terminal('n');
      const { columns: _, ...piped } = options;
      const used = 'env' in change ? { ...options, ...change } : piped;
      expect((await cli(dir, ['apply', 'm.yaml'], used)).code).toBe(0);
      expect(asked).toEqual([]);
      expect(await made(dir)).toBe('x');
    }
  });

  test('nor when guards hold back all there is', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'new.txt'), 'x');
    await writeFile(
      join(dir, 'm.yaml'),
      'converge: 1\npolicy: { max_changes: 0 }\nresources: { file: { b.txt: { content: x } } }\n',
    );
    const { asked, options } = terminal('y');
    const { code } = await cli(dir, ['apply', 'm.yaml'], options);
    expect(code).toBe(8);
    expect(asked).toEqual([]);
  });
});
