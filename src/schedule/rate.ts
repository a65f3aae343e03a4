const units: Record<string, number> = {
  'mbit/s': 1e6 / 8,
  'gbit/s': 1e9 / 8,
  'mib/s': 2 ** 20,
  'gib/s': 2 ** 30,
};

/** JSON Schema pattern of what `parseRate` takes: one of a unit at least, so that no connection starves. */
export const ratePattern = '^[1-9][0-9]* ?([mMgG][bB][iI][tT]|[mMgG][iI][bB])/[sS]$';

/** Bytes per second from `200 Mbit/s`, `1Gbit/s`, `25 MiB/s`. Undefined for anything else. */
export function parseRate(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d*) ?([a-z]+\/s)$/i.exec(text) ?? [];
  const factor = units[unit.toLowerCase()];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}
