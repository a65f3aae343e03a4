import { resolve } from 'node:path';
import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { CREDENTIAL_NAME } from '../../../io/service/credential.ts';
import { windowsTask } from '../../../operation/service/task.ts';
import { type Service, systemdUnit } from '../../../operation/service/unit.ts';
import type { Context } from '../../app-context.ts';

export interface ServiceOptions {
  slots?: string | undefined;
  /** `NAME=FILE`. */
  credential?: string[] | undefined;
  writes?: string[] | undefined;
  /** Of the task on Windows. */
  state?: string | undefined;
}

export const SERVICE = 'converge-agent';
const UNIT = `/etc/systemd/system/${SERVICE}.service`;

/**
 * What the service of this machine's kind would be: a unit of systemd, or a task of Windows.
 *
 * @param program what runs converge: the program and its first arguments
 * @throws Failure `bad-credential`, `missing-argument`
 */
export function serviceText(
  context: Context,
  program: string[],
  paths: string[],
  options: ServiceOptions,
): string {
  const { host } = context.io;
  if (paths.length === 0)
    throw new Failure(
      given('missing-argument', 'nothing says which manifests the service looks after', {
        hint: 'name them: converge service install /etc/converge/manifests',
      }),
    );
  const whole = (path: string): string => oneLine(resolve(host.cwd, path));
  const service: Service = {
    program: program.map(oneLine),
    manifests: paths.map(whole),
    slots: options.slots,
    credentials: (options.credential ?? []).map(text => {
      const at = text.indexOf('=');
      const [name, file] = [text.slice(0, at), text.slice(at + 1)];
      if (at > 0 && file !== '' && CREDENTIAL_NAME.test(name)) return { name, file: whole(file) };
      throw new Failure(
        given('bad-credential', `--credential ${text}: expected NAME=FILE`, {
          hint: "write it like vcenter=/etc/converge/vcenter-password; manifests say secret('credential:vcenter')",
        }),
      );
    }),
    writes: (options.writes ?? []).map(whole),
  };
  return host.platform === 'win32'
    ? windowsTask(service, whole(options.state ?? 'C:\\ProgramData\\converge'))
    : systemdUnit(service);
}

const credentialFiles = ({ credential = [] }: ServiceOptions): string[] =>
  credential.map(text => text.slice(text.indexOf('=') + 1));

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
 * Writes and starts it; gives what was done, in words. What could not be started is not left behind.
 *
 * @throws Failure `no-such-file` for manifests and credentials, `service-manager`, as for `serviceText`
 */
export async function installService(
  context: Context,
  program: string[],
  paths: string[],
  options: ServiceOptions,
): Promise<string[]> {
  const text = serviceText(context, program, paths, options);
  const { files, platform } = context.io.host;
  await mustBeThere(context, [...paths, ...credentialFiles(options)]);
  if (platform === 'win32') {
    const file = resolve(context.io.host.cwd, `${SERVICE}.xml`);
    await files.writeAtomic(file, Buffer.from(`\ufeff${text}`, 'utf16le'), { private: true });
    try {
      await run(context, 'schtasks.exe', ['/Create', '/TN', SERVICE, '/XML', file, '/F']);
      await run(context, 'schtasks.exe', ['/Run', '/TN', SERVICE]);
    } finally {
      await files.remove(file);
    }
    return [`the task ${SERVICE} is registered and runs`];
  }
  const before = await files.read(UNIT);
  await files.writeAtomic(UNIT, Buffer.from(text), { mode: 0o644 });
  try {
    await run(context, 'systemctl', ['daemon-reload']);
    await run(context, 'systemctl', ['enable', '--now', `${SERVICE}.service`]);
  } catch (error) {
    if (before) await files.writeAtomic(UNIT, Buffer.from(before), { mode: 0o644 });
    else await files.remove(UNIT);
    throw error;
  }
  return [`${UNIT} is written, and ${SERVICE} runs`, `its log: journalctl -u ${SERVICE}`];
}

/** Ends and removes it; what it replicated stays. */
export async function uninstallService(context: Context): Promise<string[]> {
  const { files, platform } = context.io.host;
  if (platform === 'win32') {
    await run(context, 'schtasks.exe', ['/End', '/TN', SERVICE]);
    await run(context, 'schtasks.exe', ['/Delete', '/TN', SERVICE, '/F']);
    return [`the task ${SERVICE} is removed`];
  }
  if (!(await files.stat(UNIT))) return [`${SERVICE} is not installed`];
  try {
    await run(context, 'systemctl', ['disable', '--now', `${SERVICE}.service`]);
  } finally {
    // Where nothing runs by systemd, nothing else would ever remove it.
    await files.remove(UNIT);
  }
  await run(context, 'systemctl', ['daemon-reload']);
  return [`${UNIT} is removed; its state in /var/lib/converge stays`];
}

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
