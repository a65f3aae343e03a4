/** What is in the place of a program's code: starts like one, and says what it is. */
export const programFile = (path: string): Buffer =>
  Buffer.from(`MZ stand-in of the converge lab for ${path.slice(path.lastIndexOf('\\') + 1)}\r\n`);
