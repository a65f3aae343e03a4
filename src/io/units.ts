const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `4.1 MiB`; binary units, one decimal from KiB on. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** JSON Schema pattern of what `parseSize` takes. */
export const sizePattern = '^[0-9]+ ?([kKmMgGtT]i)?[bB]$';

/** Bytes from `64MiB`, `1 GiB`, `4096 B`. Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+) ?([a-z]+)$/i.exec(text.trim()) ?? [];
  const power = units.findIndex(one => one.toLowerCase() === unit.toLowerCase());
  return count === undefined || power < 0 ? undefined : Number(count) * 1024 ** power;
}

/** `0.4 s`, `2 min 5 s`, `1 h 12 min` from milliseconds. */
export function duration(ms: number): string {
  // A clock that was put back makes it less than nothing.
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `1 range`, `2 ranges`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** `45 s`, `3 min`, `2 h 5 min`, `12 d`: enough to look at. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000));
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}
