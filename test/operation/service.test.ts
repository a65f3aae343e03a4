import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Context } from '../../src/app/app-context.ts';
import { installService, uninstallService } from '../../src/app/operation/surface/service.ts';
import { readSecret } from '../../src/app/session/read-secret.ts';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Command, Host } from '../../src/io/ports.ts';
import { serviceManager } from '../../src/io/service/service-manager.ts';
import { child, parseXml, textAt } from '../../src/io/xml.ts';
import { readExpression } from '../../src/manifest/syntax/expression.ts';
import { windowsTask } from '../../src/operation/service/task.ts';
import { systemdUnit } from '../../src/operation/service/unit.ts';
import { cli, scratch } from '../support/cli.ts';

/** A line of systemd taken apart as systemd.service(5) and systemd.syntax(7) say. */
const takenApart = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inside]) =>
    inside!.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
  );

test('whatever manifests and folders are called, the unit runs them and sets nothing else', () => {
  const anyName = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/\p{Cc}/u.test(text));
  fc.assert(
    fc.property(anyName, anyName, anyName, (manifests, folder, name) => {
      const unit = systemdUnit({
        ...{ kind: 'agent', program: ['/usr/bin/node', '/opt/converge.js'] },
        ...{ args: ['--name', name], manifests: [`/${manifests}`] },
        credentials: [{ name: 'vc', file: '/etc/vc' }],
        writes: [`/${folder}`],
      });
      const [exec, ...more] = unit.split('\n').filter(line => line.startsWith('ExecStart='));
      expect(more).toEqual([]);
      expect(takenApart(exec!).slice(0, 6)).toEqual([
        ...['/usr/bin/node', '/opt/converge.js', 'agent'],
        ...['--name', name, `/${manifests}`],
      ]);
    }),
  );
});

test('the task runs the same from the start of Windows on, without a time limit', () => {
  const xml = windowsTask(
    {
      ...{ kind: 'worker', program: ['C:\\a b\\node.exe', 'C:\\converge.js'] },
      ...{ args: ['--queue', 'rediss://q'], manifests: ['C:\\m "x"\\'] },
    },
    'C:\\s',
  );
  const task = parseXml(xml);
  const action = child(child(task, 'Actions'), 'Exec');
  expect(textAt(action, 'Command')).toBe('C:\\a b\\node.exe');
  expect(textAt(action, 'Arguments')).toBe(
    '"C:\\converge.js" "worker" "--queue" "rediss://q" "C:\\m \\"x\\"\\\\" "--state" "C:\\s"',
  );
  expect(textAt(task, 'Settings', 'ExecutionTimeLimit')).toBe('PT0S');
  expect(child(child(task, 'Triggers'), 'BootTrigger')).toBeDefined();
});

test('show prints what would be installed, and what would begin another setting is refused', async () => {
  const dir = await scratch();
  const shown = await cli(dir, ['service', 'show', 'm', '--credential', 'vc=pass', '--writes', '/mnt/dr']);
  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain(`"${dir}/m" "--state" "/var/lib/converge"\n`);
  expect(shown.stdout).toContain(`LoadCredential=vc:${dir}/pass\nReadWritePaths="/mnt/dr"\n`);
  // A service starts elsewhere and has nobody's environment: paths are whole, secrets are handed over.
  const page = ['--listen', '127.0.0.1:9470', '--credential', 'page=t', '--token', 'credential:page'];
  const queue = ['--queue', 'rediss://q', '--queue-password', 'file:pw', '--queue-ca', 'ca.pem'];
  const agent = await cli(dir, ['service', 'show', 'm', ...page, ...queue, '--env', 'prod']);
  expect(agent.stdout).toContain(
    `"agent" "--env" "prod" "--listen" "127.0.0.1:9470" "--token" "credential:page" "--queue" "rediss://q" "--queue-password" "file:${dir}/pw" "--queue-ca" "${dir}/ca.pem" "${dir}/m" "--state" "/var/lib/converge"\n`,
  );
  const worker = await cli(dir, ['service', 'show', 'm', '--worker', '--slots', '8', ...queue]);
  expect(worker.stdout).toContain(`"worker" "--slots" "8" "--queue" "rediss://q"`);
  expect(worker.stdout).toContain('"--state" "/var/lib/converge-worker"\n');
  expect(worker.stdout).toContain('StateDirectory=converge-worker\n');
  const credential = (...texts: string[]) => ['m', ...texts.flatMap(text => ['--credential', text])];
  for (const [wrong, code] of [
    [['m\nUser=root'], 'bad-path'],
    [['m', '--env', 'a\nUser=root'], 'bad-path'],
    [credential('../x=y'), 'bad-credential'],
    [credential('x'), 'bad-credential'],
    [credential('x=a', 'x=b'), 'bad-credential'],
    [[], 'missing-argument'],
    [['m', '--slots', '0'], 'bad-slots'],
    [['m', '--worker'], 'missing-argument'],
    [['m', '--worker', ...queue, ...page], 'agent-mixed'],
    [['m', ...page.slice(2)], 'agent-mixed'],
    [['m', '--queue-ca', 'ca.pem'], 'agent-mixed'],
    [['m', '--listen', '0.0.0.0:9470'], 'page-unsafe'],
    [['m', '--listen', '127.0.0.1:9470', '--tls-cert', 'c.pem'], 'page-unsafe'],
    [['m', '--listen', 'nowhere'], 'bad-listen'],
    [['m', '--listen', '127.0.0.1:9470', '--name', 'two names'], 'bad-listen'],
    [['m', '--queue', 'rediss://q', '--queue-password', 'env:PW'], 'bad-secret-source'],
    [['m', '--queue', 'rediss://q', '--queue-password', 'credential:none'], 'bad-secret-source'],
    [['m', '--queue', 'rediss://q', '--queue-password', 'plain'], 'bad-secret-source'],
  ] as const) {
    const refused = await cli(dir, ['service', 'show', ...wrong]);
    expect([refused.code, refused.stderr], wrong.join()).toEqual([1, expect.stringContaining(`[${code}]`)]);
  }
});

test('a service that can not be started is not left behind, one that is there begins anew with what is new, and goes', async () => {
  const dir = await scratch();
  const units = new Map<string, Buffer>();
  let refuses = '';
  const ran: string[] = [];
  const node = nodeHost();
  const host: Host = {
    ...node,
    cwd: dir,
    platform: 'linux',
    files: {
      ...node.files,
      read: async path => units.get(path),
      stat: async path => (path.startsWith('/etc/') ? units.get(path) : await node.files.stat(path)) as never,
      writeAtomic: async (path, content) => void units.set(path, content as Buffer),
      remove: async path => void units.delete(path),
    },
    processes: {
      ...node.processes,
      async run({ file, args = [] }) {
        ran.push([file, ...args].join(' '));
        const isRefused = args.includes(refuses);
        return { exitCode: isRefused ? 1 : 0, stdout: '', stderr: isRefused ? 'no bus' : '' } as never;
      },
    },
  };
  const context = { io: { host, interrupt: new AbortController().signal } } as unknown as Context;
  const install = (...credential: string[]) =>
    installService(context, ['/usr/bin/converge'], ['m'], { credential });
  await expect(install('vc=pass')).rejects.toThrow(/^m is not there[\s\S]*pass is not there/);
  expect(ran).toEqual([]);
  await mkdir(join(dir, 'm'));
  const newly = () => ran.splice(0).map(line => line.replace(/^systemctl /, ''));
  const name = 'converge-agent.service';
  refuses = 'enable';
  await expect(install()).rejects.toThrow('no bus');
  expect([...units.keys()]).toEqual([]);
  expect(newly()).toEqual(['daemon-reload', `enable ${name}`, `disable --now ${name}`, 'daemon-reload']);
  refuses = '';
  await install();
  expect(newly()).toEqual(['daemon-reload', `enable ${name}`, `restart ${name}`]);
  const [unit] = [...units.keys()];
  const first = String(units.get(unit!));
  // What runs as it was is left alone: to begin anew would undo its cycles.
  expect(await install()).toEqual([expect.stringContaining('was like that'), expect.anything()]);
  expect(newly()).toEqual(['daemon-reload', `enable ${name}`, `start ${name}`]);
  await writeFile(join(dir, 'pass'), 'x');
  refuses = 'enable';
  await expect(install('vc=pass')).rejects.toThrow('no bus');
  expect(String(units.get(unit!))).toBe(first);
  expect(newly().slice(-2)).toEqual(['daemon-reload', `restart ${name}`]);
  refuses = '';
  await install('vc=pass');
  expect(String(units.get(unit!))).toContain('LoadCredential=vc:');
  expect(newly()).toContain(`restart ${name}`);
  refuses = 'disable';
  await expect(uninstallService(context)).rejects.toThrow('no bus');
  expect(units.size).toBe(0);
  expect(await uninstallService(context)).toEqual(['converge-agent is not installed']);
  expect(await uninstallService(context, { worker: true })).toEqual(['converge-worker is not installed']);

  // The Task Scheduler begins no second one beside one that runs: that one ends.
  Object.assign(host, { platform: 'win32' });
  refuses = '/Query';
  ran.length = 0;
  const tasks = () => ran.splice(0).map(line => line.split(' ')[1]);
  await install();
  expect(tasks()).toEqual(['/Query', '/Create', '/Run']);
  refuses = '';
  await install();
  expect(tasks()).toEqual(['/Query', '/Create', '/End', '/Run']);
  // What a task can't do is said, and not left out.
  const refused = (options: object) =>
    installService(context, ['converge'], ['m'], options as never).then(
      () => [],
      (failure: Failure) => failure.diagnostics.map(({ message }) => message),
    );
  expect(await refused({ credential: ['vc=pass'], writes: ['/var/x'] })).toEqual([
    expect.stringContaining('--credential: nobody hands secrets over'),
    expect.stringContaining('--writes: a task of Windows'),
  ]);
  for (const token of ['credential:page', 'env:PAGE'])
    expect(await refused({ listen: '0.0.0.0:8443', token })).toContainEqual(
      expect.stringContaining(`--token ${token}: a task of Windows has neither`),
    );
  expect(ran).toEqual([]);
});

test('a credential is a file of the service manager that nobody else could have written', async () => {
  const dir = await scratch();
  const credentials = join(dir, 'credentials');
  await mkdir(credentials, { mode: 0o700 });
  await writeFile(join(credentials, 'vc'), 'secret-of-vcenter\n', { mode: 0o400 });
  await writeFile(join(dir, 'outside'), 'x');
  const host: Host = { ...nodeHost(), env: { CREDENTIALS_DIRECTORY: credentials } };
  const read = (name: string, other: Partial<Host> = {}) =>
    readSecret({ $secret: `credential:${name}` }, { ...host, ...other });
  expect(await read('vc')).toBe('secret-of-vcenter');
  expect(readExpression("${secret('credential:vc')}")).toEqual({ kind: 'secret', secret: 'credential:vc' });
  for (const name of ['../outside', '..', '', 'none', 'a/b'])
    await expect(read(name)).rejects.toThrow("can't be read");
  await expect(read('vc', { env: {} })).rejects.toThrow('has handed over no credentials');
  await expect(read('vc', { env: { CREDENTIALS_DIRECTORY: 'credentials' } })).rejects.toThrow(
    'not a whole path',
  );
  await symlink(join(dir, 'outside'), join(credentials, 'link'));
  await chmod(dir, 0o777);
  await expect(read('link')).rejects.toThrow();
  await chmod(credentials, 0o777);
  await expect(read('vc')).rejects.toThrow();
});

test('the service manager hears that it is ready, a third of the watchdog apart that it goes on, and its end', async () => {
  const commands: Command[] = [];
  let now = 0;
  const host: Host = {
    ...nodeHost(),
    env: { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '600000000' },
    clock: { now: () => now, sleep: async () => {} },
    processes: {
      async run(command) {
        commands.push(command);
        throw new Error('systemd-notify is not there');
      },
    },
  };
  const manager = serviceManager(host)!;
  await manager.ready('looking after 3 VMs');
  for (now = 0; now < 600_000; now += 2_000) manager.alive();
  await manager.stopping();
  expect(commands.map(({ args }) => args)).toEqual([
    ['--ready', '--status=looking after 3 VMs'],
    ['WATCHDOG=1'],
    ['WATCHDOG=1'],
    ['WATCHDOG=1'],
    ['STOPPING=1'],
  ]);
  expect(commands[0]!.env).toEqual({ NOTIFY_SOCKET: '/run/systemd/notify' });
  expect(serviceManager({ ...host, env: {} })).toBeUndefined();
});

test.each([
  ['agent', { replicas: 1, strategy: { type: 'Recreate' } }],
  ['worker', { replicas: 3, strategy: { type: 'RollingUpdate' } }],
])('in Kubernetes the %s is not root, on a root that it cannot write', async (name, many) => {
  const text = await readFile(
    join(import.meta.dirname, `../../packaging/kubernetes/converge-${name}.yaml`),
    'utf8',
  );
  const all = parseAllDocuments(text).map(one => one.toJS() as Record<string, unknown>);
  const found = all.find(({ kind }) => kind === 'Deployment')!;
  expect(found).toMatchObject({
    spec: {
      ...many,
      template: {
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              args: expect.arrayContaining([name, '/manifests', '--state', '/state']),
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
            },
          ],
        },
      },
    },
  });
  expect(all.map(({ kind }) => kind)).not.toContain('CronJob');
});
