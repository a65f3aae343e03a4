import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { CommandResult } from '../../../io/ports.ts';
import { runTool, type Tool } from '../../../programs/run-tool.ts';
import type { ServiceState } from './service-state.ts';

/** Milliseconds: systemctl waits until a service has started or stopped. */
const limit = 5 * 60_000;

const systemctl = (io: ReadIo, args: string[], what: string): Promise<CommandResult> =>
  runTool(io, tool, { file: '/usr/bin/systemctl', args, timeout: limit }, what);

const tool: Tool = {
  name: 'systemctl',
  failed: 'systemctl-failed',
  hint: '`systemctl status` and `journalctl -u` say more; services need root',
  words: ['stderr'],
};

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
  const args = ['show', `--property=${properties}`, '--', ...units];
  const result = await systemctl(io, args, 'asking for the services failed');
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
  await systemctl(io, ['daemon-reload'], '`systemctl daemon-reload` failed');
  await control(io, 'restart', unit);
}

/** `start`, `stop`, `restart`, `enable`, `disable`, `mask`, `unmask`. */
export async function control(io: WriteIo, verb: string, unit: string): Promise<void> {
  await io.step(`systemctl ${verb} ${unit}`);
  await systemctl(io, [verb, '--', unit], `\`systemctl ${verb} ${unit}\` failed`);
}
