import { Failure } from '../../diagnostics/diagnostic.ts';
import type { Host } from '../../io/ports.ts';

/** What systemd calls a unit that starts with the machine. Source: systemctl(1), "is-enabled". */
const starting = ['enabled', 'alias', 'generated', 'indirect'];

/**
 * Which of these units of systemd start with the machine; undefined where it can't be asked.
 *
 * @param names with their endings: `ssh.service`
 */
export async function startingUnits(
  { processes }: Pick<Host, 'processes'>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Set<string> | undefined> {
  const args = ['show', '--no-pager', '--property=LoadState,UnitFileState', ...names];
  try {
    const done = await processes.run({ file: '/usr/bin/systemctl', args, timeout: 60_000 }, signal);
    const blocks = done.stdout.trim().split(/\n\n+/);
    if (done.exitCode !== 0 || blocks.length !== names.length) return undefined;
    const is = (block: string) =>
      /^LoadState=loaded$/m.test(block) &&
      starting.includes(/^UnitFileState=(.*)$/m.exec(block)?.[1]?.trim() ?? '');
    return new Set(names.filter((_, n) => is(blocks[n]!)));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
