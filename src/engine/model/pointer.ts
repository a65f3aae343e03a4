/** JSON pointers (RFC 6901). */
export const child = (pointer: string, key: string): string =>
  `${pointer}/${/[~/]/.test(key) ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key}`;

/** Of a value's names from the outermost in. */
export const pointerTo = (path: readonly string[]): string => path.reduce(child, '');

export const segments = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map(segment => (segment.includes('~') ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : segment));

/** The value at the pointer; undefined when it isn't there. */
export function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const segment of segments(pointer)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, segment)) return undefined;
    found = (found as Record<string, unknown>)[segment];
  }
  return found;
}

/** What `places` holds for the pointer or its nearest ancestor. */
export function nearest<T>(places: ReadonlyMap<string, T>, pointer: string): T | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const found = places.get(at);
    if (found !== undefined || at === '') return found;
  }
}
