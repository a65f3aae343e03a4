/**
 * Edit distance (insert, delete, replace, swap of neighbours) of two strings, or `limit + 1` as soon
 * as it is known to be larger than `limit`.
 */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
      if (best < least) least = best;
    }
    if (least > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return Math.min(last[b.length]!, limit + 1);
}

/** The candidate a user most likely meant by `word`; undefined when none is near. Ties: the first. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let limit = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  const wanted = word.toLowerCase();
  let found: string | undefined;
  for (const candidate of candidates) {
    const d = distance(wanted, candidate.toLowerCase(), limit);
    if (d > limit) continue;
    found = candidate;
    if (d === 0) break;
    limit = d - 1;
  }
  return found;
}

/** "did you mean `x`?", or else the names there are (at most ten), or undefined when there are none. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const names = [...new Set(candidates)];
  const near = nearest(word, names);
  if (near !== undefined) return `did you mean \`${near}\`?`;
  if (names.length === 0) return undefined;
  const shown = names.slice(0, 10).join(', ');
  return `known: ${shown}${names.length > 10 ? `, and ${names.length - 10} more` : ''}`;
}
