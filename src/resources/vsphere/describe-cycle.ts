import { bytes } from '../../io/units.ts';
import type { CycleResult } from '../../replication/cycle/options.ts';

/**
 * One line about a cycle: "point 3, application-consistent: 4.1 MiB read, 1.2 MiB uploaded", with the
 * reason for every disk that could not be replicated by its changes alone, and the warnings.
 */
export function describeCycle({ point, disks, numbers, warnings }: CycleResult): string {
  const resynced = disks
    .filter(({ mode }) => mode !== 'incremental')
    .map(({ index, mode, reason }) => `disk ${index} ${mode} (${reason})`);
  return [
    `point ${point.generation}, ${point.consistency}-consistent: ${bytes(numbers.bytes_read)} read, ${bytes(numbers.bytes_uploaded)} uploaded`,
    ...(numbers.bytes_reused > 0
      ? [`${bytes(numbers.bytes_reused)} reused that a cycle had stored which made no point`]
      : []),
    ...resynced,
    ...transports(disks),
    ...warnings.map(({ message }) => `warning: ${message}`),
  ].join('; ');
}

/** By which way disks were read, and why that way. */
const transports = (disks: CycleResult['disks']): string[] => [
  ...new Set(
    disks.flatMap(({ transport }) =>
      transport?.why === undefined ? [] : [`read by ${transport.name} (${transport.why})`],
    ),
  ),
];
