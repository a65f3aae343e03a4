/** Below, at or above zero as `a` is older than, the same as or newer than `b`; what is missing of `1.2` counts as 0. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => text.split(/[.+-]/).slice(0, 3).map(Number);
  const [first, second] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (first[i] ?? 0) - (second[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
