/** `name=value`, names in lower case. */
export function readPairs(args: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    args.flatMap(arg => {
      const at = arg.indexOf('=');
      return at < 1 ? [] : [[arg.slice(0, at).toLowerCase(), arg.slice(at + 1)] as const];
    }),
  );
}
