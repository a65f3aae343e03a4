import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import { pages } from '../../src/app/operation/surface/pages.ts';
import { nodeHost } from '../../src/io/node.ts';
import { createRepository } from '../../src/replication/repository/open-repository.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { scratch } from '../support/cli.ts';
import { commitImage } from '../support/repository.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** Pages over a repository of one VM, whose files a test hears of as they are opened, and may hold. */
async function site() {
  const dir = await scratch();
  const folder = join(dir, 'dr');
  await mkdir(folder);
  const host = nodeHost();
  const uuid = '4211a0c6-0000-4000-8000-000000000001';
  const made = await createRepository(fileStore(folder, host), { random: host.random });
  const point = { vm: { name: 'dc02', uuid }, time: Date.UTC(2026, 0, 1) };
  await commitImage(made.vm(uuid), Buffer.alloc(65_536, 1), { point });
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm: { dc02: { repository: "file://${folder}", schedule: every 15 minutes } }
`,
  );
  const opened: string[] = [];
  const gate = { wait: Promise.resolve() };
  const files: typeof host.files = {
    ...host.files,
    async open(path: string, ...rest: [never]) {
      opened.push(path.slice(path.lastIndexOf('/') + 1));
      if (path.endsWith('/converge.json')) await gate.wait;
      return host.files.open(path, ...rest);
    },
  };
  const clock = new SteppedClock(Date.UTC(2026, 0, 1, 0, 5));
  const seen = { ...host, files, clock, cwd: dir, env: { VC: 'x' } };
  const context = makeContext({ host: seen, interrupt: new AbortController().signal }, () => ({
    diagnostics() {},
    notice() {},
    run: () => Promise.reject(new Error('nothing is run')),
  }));
  const answer = pages(context, { paths: ['m.yaml'], lockTimeout: 0 });
  const get = async (path: string) => (await answer(new URL(`http://localhost${path}`)))?.body;
  return { opened, gate, clock, get };
}

test('when a VM was verified is read for whoever is shown it', async () => {
  const { opened, get } = await site();
  expect(await get('/')).toContain('>dc02<');
  expect(opened).toContain('damage');
  expect(opened).not.toContain('checked');
  expect(await get('/metrics')).toContain('vm="dc02"');
  expect(opened).toContain('checked');
});

test('a repository that answers slowly is asked once by all who come while it does', async () => {
  const { opened, gate, clock, get } = await site();
  const held = Promise.withResolvers<void>();
  gate.wait = held.promise;
  const looks = () => opened.filter(name => name === 'converge.json').length;
  const first = get('/metrics');
  await vi.waitFor(() => expect(looks()).toBe(1), { interval: 5, timeout: 60_000 });
  await clock.advance(60_000);
  const second = get('/metrics');
  held.resolve();
  expect(await second).toBe(await first);
  expect(looks()).toBe(1);
  await clock.advance(5_000);
  await get('/metrics');
  expect(looks()).toBe(2);
});
