/** How wide a line may be, as the formatter has it. */
const width = 110;

/** A line of which nothing but a comment is on it; the formatter leaves these as they are. */
const comment = /^\s*(?:\/\/|\/\*|\*(?!\S*[`'"]))/;
/** A line that only a tool reads, which must be one line. */
const forTools = /^\s*\/\/ biome-ignore /;

/**
 * Comments that are wider than a line may be, by texts with their path: the formatter breaks code, and never
 * these.
 */
export const checkWidths = (texts: ReadonlyMap<string, string>): string[] =>
  [...texts].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, at) => {
      const wide = [...line].length;
      if (wide <= width || !comment.test(line) || forTools.test(line)) return [];
      return [`${file}:${at + 1}:${width + 1}: a comment of ${wide} characters; wrap it at ${width}`];
    }),
  );
