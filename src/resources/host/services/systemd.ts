import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { CommandResult } from '../../../io/ports.ts';
import type { ServiceState } from './service-state.ts';

/** Milliseconds: systemctl waits until a service has started or stopped. */
const limit = 5 * 60_000;

const systemctl = (io: ReadIo, args: string[]): Promise<CommandResult> =>
  io.run({ file: '/usr/bin/systemctl', args, timeout: limit });

/** `nginx` is the unit `nginx.service`. */
export const unitOf = (name: string): string => (/\.[a-z]+$/.test(name) ? name : `${name}.service`);

const startups: Readonly<Record<string, string>> = {
  enabled: 'automatic',
  'enabled-runtime': 'manual',
  disabled: 'manual',
  masked: 'disabled',
};

/** Units by name, those that aren't there left out; one process. */
export async function readUnits(io: ReadIo, units: readonly string[]): Promise<Map<string, ServiceState>> {
  const properties = 'LoadState,UnitFileState,ActiveState';
  const result = await systemctl(io, ['show', `--property=${properties}`, '--', ...units]);
  if (result.exitCode !== 0 || result.timedOut) throw refused('asking for the services', result);
  const blocks = result.stdout.trim().split(/\n\n/);
  if (blocks.length !== units.length)
    throw new Failure(world('systemd-unreadable', 'systemctl said nothing of some services'));
  return new Map(
    units.flatMap((unit, index) => {
      const {
        LoadState: load,
        UnitFileState: file = '',
        ActiveState: active = '',
      } = Object.fromEntries(
        blocks[index]!.split('\n').map(line => [
          line.slice(0, line.indexOf('=')),
          line.slice(line.indexOf('=') + 1),
        ]),
      ) as Record<string, string>;
      if (load === 'not-found') return [];
      // Units that others start have no state of their own: `static`, `indirect`, `generated`.
      const startup = load === 'masked' ? 'disabled' : (startups[file] ?? file);
      const runs = ['active', 'reloading', 'activating', 'refreshing'].includes(active);
      return [[unit, { startup, state: runs ? 'running' : active === 'failed' ? 'failed' : 'stopped' }]];
    }),
  );
}

/** `disabled` is stronger than systemd's word: such a service can't be started at all. */
export async function setUnitStartup(
  io: WriteIo,
  unit: string,
  startup: 'automatic' | 'manual' | 'disabled',
  wasMasked: boolean,
): Promise<void> {
  const verbs = { automatic: ['enable'], manual: ['disable'], disabled: ['mask'] }[startup];
  for (const verb of wasMasked ? ['unmask', ...verbs] : verbs) await control(io, verb, unit);
}

/** With the unit's file as it is now: what notified it may have changed that. */
export async function restartUnit(io: WriteIo, unit: string): Promise<void> {
  const result = await systemctl(io, ['daemon-reload']);
  if (result.exitCode !== 0 || result.timedOut) throw refused('`systemctl daemon-reload`', result);
  await control(io, 'restart', unit);
}

/** `start`, `stop`, `restart`, `enable`, `disable`, `mask`, `unmask`. */
export async function control(io: WriteIo, verb: string, unit: string): Promise<void> {
  await io.step(`systemctl ${verb} ${unit}`);
  const result = await systemctl(io, [verb, '--', unit]);
  if (result.exitCode !== 0 || result.timedOut) throw refused(`\`systemctl ${verb} ${unit}\``, result);
}

function refused(what: string, { exitCode, stderr, timedOut }: CommandResult): Failure {
  const said = stderr.trim().replace(/\s+/g, ' ').slice(0, 300);
  const how = timedOut ? 'took too long and was stopped' : `failed (exit code ${exitCode})`;
  return new Failure(
    world('systemctl-failed', `${what} ${how}${said === '' ? '' : `: ${said}`}`, {
      hint: '`systemctl status` and `journalctl -u` say more; services need root',
    }),
  );
}
