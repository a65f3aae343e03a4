const units: Record<string, number> = { b: 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };

/** JSON Schema pattern of what `parseSize` takes. */
export const sizePattern = '^[0-9]+ ?([kKmMgGtT]i)?[bB]$';

/** Bytes from `64MiB`, `1 GiB`, `4096 B`. Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+) ?([a-z]+)$/i.exec(text.trim()) ?? [];
  const factor = units[unit.toLowerCase()];
  return count === undefined || factor === undefined ? undefined : Number(count) * factor;
}
