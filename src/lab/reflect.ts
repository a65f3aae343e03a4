/**
 * The two functions of the metadata proposal that the certificate library's injection container asks
 * for when it loads. It refuses to load without them, and nothing else here needs a polyfill.
 */
export function provideMetadata(): void {
  const reflect = Reflect as unknown as Record<string, unknown>;
  if (reflect.getMetadata) return;
  const known = new WeakMap<object, Map<unknown, unknown>>();
  const own = (key: unknown, target: object) => known.get(target)?.get(key);
  reflect.getOwnMetadata = own;
  reflect.getMetadata = (key: unknown, target: object): unknown => {
    for (let at: object | null = target; at; at = Object.getPrototypeOf(at) as object | null) {
      if (known.get(at)?.has(key)) return own(key, at);
    }
    return undefined;
  };
  reflect.defineMetadata = (key: unknown, value: unknown, target: object) => {
    known.set(target, (known.get(target) ?? new Map<unknown, unknown>()).set(key, value));
  };
}
