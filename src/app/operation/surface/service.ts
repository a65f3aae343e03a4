import { resolve } from 'node:path';
import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { CREDENTIAL_NAME } from '../../../io/service/credential.ts';
import { windowsTask } from '../../../operation/service/task.ts';
import { folderOf, nameOf, type Service, systemdUnit } from '../../../operation/service/unit.ts';
import type { Context } from '../../app-context.ts';
import { type ServiceArguments, serviceArguments } from './service-arguments.ts';

export interface ServiceOptions extends ServiceArguments {
  /** One that takes from a queue, in the place of an agent. */
  worker?: boolean | undefined;
  /** `NAME=FILE`. */
  credential?: string[] | undefined;
  writes?: string[] | undefined;
  /** Of the task on Windows. */
  state?: string | undefined;
}

/** A service of this machine as options mean it, and the files that it reads. */
interface Meant {
  service: Service;
  reads: string[];
}

const kindOf = ({ worker }: Pick<ServiceOptions, 'worker'>) => (worker ? 'worker' : 'agent');
const unitOf = (kind: Service['kind']): string => `/etc/systemd/system/${nameOf({ kind })}.service`;

/**
 * What the service of this machine's kind would be: a unit of systemd, or a task of Windows.
 *
 * @param program what runs converge: the program and its first arguments
 * @throws Failure `bad-credential`, `missing-argument`, what `serviceArguments` throws
 */
export const serviceText = (
  context: Context,
  program: string[],
  paths: string[],
  options: ServiceOptions,
): string => textOf(context, meant(context, program, paths, options).service, options);

function textOf({ io: { host } }: Context, service: Service, { state }: ServiceOptions): string {
  const folder = service.kind === 'agent' ? 'converge' : 'converge\\worker';
  return host.platform === 'win32'
    ? windowsTask(service, oneLine(resolve(host.cwd, state ?? `C:\\ProgramData\\${folder}`)))
    : systemdUnit(service);
}

function meant(context: Context, program: string[], paths: string[], options: ServiceOptions): Meant {
  const { cwd, platform } = context.io.host;
  if (paths.length === 0)
    throw new Failure(
      given('missing-argument', 'nothing says which manifests the service looks after', {
        hint: 'name them: converge service install /etc/converge/manifests',
      }),
    );
  const whole = (path: string): string => oneLine(resolve(cwd, path));
  if (platform === 'win32') refuseOfSystemd(options);
  const credentials = credentialsIn(options.credential ?? []);
  const names = credentials.map(({ name }) => name);
  const { args, files } = serviceArguments(options, platform === 'win32' ? undefined : names, whole);
  const writes = options.writes ?? [];
  return {
    service: {
      ...{ kind: kindOf(options), program: program.map(oneLine), manifests: paths.map(whole) },
      args: args.map(oneLine),
      credentials: credentials.map(({ name, file }) => ({ name, file: whole(file) })),
      writes: writes.map(whole),
    },
    reads: [...paths, ...credentials.map(({ file }) => file), ...files, ...writes],
  };
}

/** A task has nobody who hands it secrets, and its user may write wherever it may. */
function refuseOfSystemd({ credential = [], writes = [] }: ServiceOptions): void {
  const wrong = [
    ...(credential.length > 0
      ? [
          given('not-on-windows', '--credential: nobody hands secrets over to a task of Windows', {
            hint: 'give file:PATH in its place, a file that Local Service alone may read',
          }),
        ]
      : []),
    ...(writes.length > 0
      ? [
          given('not-on-windows', '--writes: a task of Windows may write wherever Local Service may', {
            hint: 'leave it out, and let Local Service write there: icacls FOLDER /grant "Local Service:(OI)(CI)M"',
          }),
        ]
      : []),
  ];
  if (wrong.length > 0) throw new Failure(wrong);
}

function credentialsIn(texts: readonly string[]): { name: string; file: string }[] {
  const bad = (text: string, why: string) =>
    new Failure(
      given('bad-credential', `--credential ${text}: ${why}`, {
        hint: "write it like vcenter=/etc/converge/vcenter-password; manifests say secret('credential:vcenter')",
      }),
    );
  const found = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const [name, file] = [text.slice(0, at), text.slice(at + 1)];
    if (at <= 0 || file === '' || !CREDENTIAL_NAME.test(name)) throw bad(text, 'expected NAME=FILE');
    if (found.has(name)) throw bad(text, `${name} is ${found.get(name)} already`);
    found.set(name, file);
  }
  return [...found].map(([name, file]) => ({ name, file }));
}

async function mustBeThere({ io: { host } }: Context, paths: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const path of paths) if (!(await host.files.stat(resolve(host.cwd, path)))) missing.push(path);
  if (missing.length === 0) return;
  throw new Failure(
    missing.map(path =>
      given('no-such-file', `${path} is not there`, { hint: 'the service could never begin with that' }),
    ),
  );
}

/** A line break would begin another setting. */
function oneLine(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw new Failure(
    given('bad-path', `${JSON.stringify(text)} can't be in a service: it has a line break or the like`),
  );
}

/**
 * Writes and starts it; gives what was done, in words. One that runs goes on when nothing is new, and begins
 * anew with what is. What could not be started is not left behind: what was there before is, and runs.
 *
 * @throws Failure `no-such-file` for what it reads or writes, `service-manager`, as for `serviceText`
 */
export async function installService(
  context: Context,
  program: string[],
  paths: string[],
  options: ServiceOptions,
): Promise<string[]> {
  const { service, reads } = meant(context, program, paths, options);
  await mustBeThere(context, reads);
  const text = textOf(context, service, options);
  return context.io.host.platform === 'win32'
    ? await registerTask(context, nameOf(service), text)
    : await installUnit(context, service, text);
}

async function registerTask(context: Context, name: string, text: string): Promise<string[]> {
  const { files, cwd } = context.io.host;
  const file = resolve(cwd, `${name}.xml`);
  const wasThere = await works(context, 'schtasks.exe', ['/Query', '/TN', name]);
  await files.writeAtomic(file, Buffer.from(`\ufeff${text}`, 'utf16le'), { private: true });
  try {
    await run(context, 'schtasks.exe', ['/Create', '/TN', name, '/XML', file, '/F']);
    // It begins no second one beside one that runs.
    if (wasThere) await works(context, 'schtasks.exe', ['/End', '/TN', name]);
    await run(context, 'schtasks.exe', ['/Run', '/TN', name]);
  } catch (error) {
    if (!wasThere) await works(context, 'schtasks.exe', ['/Delete', '/TN', name, '/F']);
    throw error;
  } finally {
    await files.remove(file);
  }
  return [`the task ${name} is registered and runs`];
}

async function installUnit(context: Context, service: Service, text: string): Promise<string[]> {
  const { files } = context.io.host;
  const [name, file] = [`${nameOf(service)}.service`, unitOf(service.kind)];
  const before = await files.read(file);
  const isNew = before?.toString() !== text;
  const write = (content: string) => files.writeAtomic(file, Buffer.from(content), { mode: 0o644 });
  if (isNew) await write(text);
  try {
    await run(context, 'systemctl', ['daemon-reload']);
    await run(context, 'systemctl', ['enable', name]);
    await run(context, 'systemctl', [isNew ? 'restart' : 'start', name]);
  } catch (error) {
    if (!before) {
      await works(context, 'systemctl', ['disable', '--now', name]);
      await files.remove(file);
      await works(context, 'systemctl', ['daemon-reload']);
    } else if (isNew) {
      await write(before.toString());
      await works(context, 'systemctl', ['daemon-reload']);
      await works(context, 'systemctl', ['restart', name]);
    }
    throw error;
  }
  const log = `its log: journalctl -u ${nameOf(service)}`;
  return isNew
    ? [`${file} is written, and ${nameOf(service)} runs`, log]
    : [`${file} was like that, and ${nameOf(service)} runs`, log];
}

/** Ends and removes it; what it replicated stays. */
export async function uninstallService(
  context: Context,
  options: Pick<ServiceOptions, 'worker'> = {},
): Promise<string[]> {
  const { files, platform } = context.io.host;
  const kind = kindOf(options);
  const [name, file] = [nameOf({ kind }), unitOf(kind)];
  if (platform === 'win32') {
    await run(context, 'schtasks.exe', ['/End', '/TN', name]);
    await run(context, 'schtasks.exe', ['/Delete', '/TN', name, '/F']);
    return [`the task ${name} is removed`];
  }
  if (!(await files.stat(file))) return [`${name} is not installed`];
  try {
    await run(context, 'systemctl', ['disable', '--now', `${name}.service`]);
  } finally {
    // Where nothing runs by systemd, nothing else would ever remove it.
    await files.remove(file);
  }
  await run(context, 'systemctl', ['daemon-reload']);
  return [`${file} is removed; its state in /var/lib/${folderOf({ kind })} stays`];
}

/** Whether it did. What it says belongs to a failure that is told already, or to none. */
const works = (context: Context, file: string, args: string[]): Promise<boolean> =>
  run(context, file, args).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Failure) return false;
      throw error;
    },
  );

async function run({ io }: Context, file: string, args: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await io.host.processes.run(
    { file, args, timeout: 15 * 60_000 },
    io.interrupt,
  );
  if (exitCode === 0) return;
  throw new Failure(
    world(
      'service-manager',
      `\`${file} ${args.join(' ')}\` ended with ${exitCode}: ${(stderr || stdout).trim()}`,
      {
        hint: 'run this as an administrator; `converge service show` prints what would be installed',
      },
    ),
  );
}
