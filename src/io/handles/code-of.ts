/** What the operating system calls an error, `ENOENT`; undefined for errors that aren't its. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
