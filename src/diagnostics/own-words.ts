/** Fewer characters are not a sentence, and might be in anybody's text. */
const shortest = 12;

const sentences = new Set<string>();

/**
 * A message whose fixed words are converge's own: where a secret is such a word (`wrong`, `password`), they
 * stay readable. They are the same whatever the secret is, so that nothing is told by them; what is put in is
 * cleaned as ever. Every message that quotes what a program, a server or a file said is made by it.
 */
export function own(fixed: TemplateStringsArray, ...put: readonly unknown[]): string {
  for (const words of fixed) ours(words);
  return fixed.reduce((text, words, index) => `${text}${String(put[index - 1])}${words}`);
}

/** The same for a text out of a table of ours, in which nothing was put. */
export function ours(text: string): string {
  if (text.length >= shortest && /\S\s+\S/.test(text)) sentences.add(text);
  return text;
}

/** Whether a stretch of `text` is part of words of our own, and not all of them. */
export function isOwn(text: string, start: number, end: number): boolean {
  for (const words of sentences) {
    const { length } = words;
    // Only as far as such words would reach: the text may be an output of many megabytes, full of secrets.
    if (length > end - start && text.slice(Math.max(0, end - length), start + length).includes(words))
      return true;
  }
  return false;
}
