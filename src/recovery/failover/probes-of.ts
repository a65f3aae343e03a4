import { parseDuration } from '../../io/duration.ts';
import type { ProbeProperties } from '../model/plan.ts';
import type { Probe } from '../model/probes.ts';

const usualPatience = 15 * 60_000;
/** Remote Desktop. */
const RDP = 3389;
const HTTP = 80;

/**
 * What is asked of one machine of a plan. EC2's own checks always are, for as long as the most patient of its
 * probes; with nothing declared Windows has to take connections for Remote Desktop as well.
 */
export function probesOf(
  declared: readonly ProbeProperties[] | undefined,
  vm: string,
  family: 'windows' | 'linux' | 'other',
): Probe[] {
  const own = (declared ?? []).filter(
    ({ targets }) => !targets || targets.some(target => target.toLowerCase() === vm.toLowerCase()),
  );
  const asked = own.map(toProbe);
  if (asked.length === 0 && family === 'windows')
    asked.push({ kind: 'tcp', port: RDP, within: usualPatience });
  if (asked.some(({ kind }) => kind === 'status')) return asked;
  const within = asked.length === 0 ? usualPatience : Math.max(...asked.map(one => one.within));
  return [{ kind: 'status', within }, ...asked];
}

function toProbe({ probe, within: text, port, path, status, contains, ...one }: ProbeProperties): Probe {
  const within = text === undefined ? usualPatience : (parseDuration(text) ?? usualPatience);
  switch (probe) {
    case 'console':
      return { kind: probe, text: one.text ?? '', within };
    case 'tcp':
      return { kind: probe, port: port ?? RDP, within };
    case 'http':
      return {
        kind: probe,
        port: port ?? HTTP,
        path: path ?? '/',
        status: status ?? 200,
        ...(contains !== undefined && { contains }),
        within,
      };
    default:
      return { kind: probe, within };
  }
}
