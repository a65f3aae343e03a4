/**
 * How long `converge status` takes over many VMs, with a point each, in a repository in a folder:
 * `node bench/operation/status.ts [VMS]`. Beside the time it prints what was read. Nothing is asserted.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../../src/io/node.ts';
import { lookAt } from '../../src/operation/look.ts';
import type { ObjectStore } from '../../src/replication/model/store.ts';
import { createRepository, openRepository } from '../../src/replication/repository/open-repository.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { commitImage } from '../../test/support/repository.ts';
import { inProcess } from '../recovery/in-process.ts';

const vms = Number(process.argv[2] ?? 1000);
const cwd = await mkdtemp(join(tmpdir(), 'converge-bench-'));
try {
  const folder = join(cwd, 'repository');
  await mkdir(folder);
  const host = nodeHost();
  const store = fileStore(folder, host);
  const repository = await createRepository(store, { random: host.random });
  const names = Array.from({ length: vms }, (_, n) => `vm${n}`);
  for (const [n, name] of names.entries())
    await commitImage(
      repository.vm(`4211a0c6-0000-4000-8000-${String(n).padStart(12, '0')}`),
      Buffer.alloc(65_536, n % 251),
      {
        point: {
          vm: { name, uuid: `4211a0c6-0000-4000-8000-${String(n).padStart(12, '0')}` },
          time: Date.now(),
        },
      },
    );
  const declared = names.map(
    name => `    ${name}: { repository: "file://${folder}", schedule: every 15 minutes }`,
  );
  const home = `home: { type: vsphere, url: https://vc.invalid, username: u, password: "\${secret('env:VC')}" }`;
  await writeFile(
    join(cwd, 'm.yaml'),
    `converge: 1\ntargets: { ${home} }\nresources:\n  protected_vm:\n${declared.join('\n')}\n`,
  );
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const { code, stdout } = await inProcess(cwd, ['status', 'm.yaml']);
  const took = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);

  const calls = { get: 0, head: 0, list: 0 };
  const counted: ObjectStore = {
    ...store,
    get: (...args) => {
      calls.get++;
      return store.get(...args);
    },
    head: key => {
      calls.head++;
      return store.head(key);
    },
    list: prefix => {
      calls.list++;
      return store.list(prefix);
    },
  };
  await lookAt(
    await openRepository(counted, { random: host.random }),
    () => {},
    () => false,
  );
  console.log(stdout.trimEnd().split('\n').at(-1));
  console.log(
    `exit ${code}, ${Math.round(took)} ms, ${Math.round((user + system) / 1000)} of CPU; a look alone: ${JSON.stringify(calls)}`,
  );
} finally {
  await rm(cwd, { recursive: true, force: true });
}
