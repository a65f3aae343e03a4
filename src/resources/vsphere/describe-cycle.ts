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
    `point ${point.generation}, ${point.consistency}-consistent: ${size(numbers.bytes_read)} read, ${size(numbers.bytes_uploaded)} uploaded`,
    ...resynced,
    ...warnings.map(({ message }) => `warning: ${message}`),
  ].join('; ');
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
