/** What can't be seen before there is something at `path`, in the form of capabilities. */
export const pathFirst = (path: string) =>
  ({
    state: 'unknown',
    waitsFor: `path:${path}`,
    hint: 'declare what makes it, a `file` or an `archive` for instance, or correct the path',
  }) as const;
