import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';

const program = resolve(import.meta.dirname, '../../dist/converge.js');

/** What a mover told, a line of its log. */
export interface Told {
  /** ms since the epoch */
  at: number;
  event: string;
  vm?: string;
  result?: string;
}

export interface Mover {
  child: ChildProcess;
  told: Told[];
  stderr: string;
}

/** What lets a process be on another machine by its own word: nobody here can tell whether it is dead. */
const asHost = (name: string): string =>
  `data:text/javascript,${encodeURIComponent(
    `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module'; os.hostname = () => '${name}'; syncBuiltinESMExports();`,
  )}`;

/** A lab with VMs of 1 MiB whose schedule is `every`, and movers beside this process: the built program. */
export async function moverLab(count: number, every: string, rpo: string) {
  const cwd = await mkdtemp(join(tmpdir(), 'converge-bench-'));
  const lab = await openLab(join(cwd, 'lab'), {
    host: { ...nodeHost(), cwd },
    seeded: false,
    lockTimeout: 0,
  });
  const { s3, vsphere, region } = lab.settings;
  const names = Array.from({ length: count }, (_, n) => `vm${n}`);
  await mkdir(join(cwd, 'empty'));
  await lab.command({ do: 'bucket-content', bucket: 'bench-dr', folder: join(cwd, 'empty') });
  for (const name of names) await lab.command({ do: 'add-vm', name, disks: [{ bytes: 2 ** 20 }] });
  await writeFile(join(cwd, 'ca.pem'), lab.vsphere.caPem);
  const secret = (name: string) => `"\${secret('env:${name}')}"`;
  const declared = names.map(
    name => `    ${name}: { repository: 's3://bench-dr/points', schedule: every ${every}, rpo: ${rpo} }\n`,
  );
  await writeFile(
    join(cwd, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: '${lab.vsphere.url}', username: '${vsphere.username}', password: ${secret('VC')}, ca: ca.pem }
  dr: { type: aws, region: ${region}, endpoint: '${lab.s3.url}', access_key_id: ${s3.accessKeyId}, secret_access_key: ${secret('AWS_KEY')} }
resources:
  protected_vm:
${declared.join('')}`,
  );
  const env = {
    ...{ PATH: process.env.PATH, HOME: cwd, VC: vsphere.password, AWS_KEY: s3.secretAccessKey },
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const start = (args: string[], host?: string): Mover => {
    const elsewhere = host === undefined ? [] : ['--import', asHost(host)];
    // As bin/converge does.
    const child = spawn(process.execPath, ['--max-semi-space-size=2', ...elsewhere, program, ...args], {
      cwd,
      // The locks of a machine are its own: those of another one would be held for good once it is dead.
      env: { ...env, CONVERGE_RUNTIME_DIRECTORY: join(cwd, `run-${host ?? 'here'}`) },
    });
    const mover: Mover = { child, told: [], stderr: '' };
    let rest = '';
    child.stdout.on('data', (piece: Buffer) => {
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop()!;
      for (const line of lines)
        if (line.startsWith('{')) mover.told.push({ ...(JSON.parse(line) as Told), at: Date.now() });
    });
    child.stderr.on('data', piece => {
      mover.stderr += piece;
    });
    return mover;
  };
  const run = async (args: string[]): Promise<void> => {
    const mover = start(args);
    const code = await new Promise(done => mover.child.once('exit', done));
    if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${mover.stderr}`);
  };
  const close = async () => {
    await lab.close();
    await rm(cwd, { recursive: true, force: true });
  };
  return { cwd, lab, names, start, run, close };
}

/** What a process has used so far: CPU time in ms, and resident memory in MiB. */
export async function usedBy(pid: number): Promise<{ cpu: number; resident: number; peak: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything: proc(5). A tick is 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1]);
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) * 10,
    resident: kib('VmRSS') / 1024,
    peak: kib('VmHWM') / 1024,
  };
}
