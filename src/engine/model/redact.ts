import { isOwn } from '../../diagnostics/own-words.ts';
import { Finder } from '../redact/finder.ts';
import { patternsOf } from '../redact/patterns.ts';
import { viewsOf } from '../redact/views.ts';

/** Shorter secrets would blank out ordinary text: they are only replaced where they stand alone. */
export const shortestSecret = 4;
const mask = '***';

/** Knows every secret that was read in this run and takes it out of what leaves the run. */
export class Redactor {
  readonly #secrets = new Set<string>();
  readonly #short = new Set<string>();
  /** Made when it is needed: secrets come one by one. */
  #finder: Finder | undefined;

  /** Whether it is a new one. */
  add(secret: string): boolean {
    const known = secret.length < shortestSecret ? this.#short : this.#secrets;
    if (secret.length === 0 || known.has(secret)) return false;
    known.add(secret);
    this.#finder = undefined;
    return true;
  }

  text(text: string): string {
    if (this.#short.has(text)) return mask;
    if (this.#secrets.size === 0 || text.length < shortestSecret) return text;
    this.#finder ??= new Finder([...this.#secrets].flatMap(withLines).flatMap(patternsOf));
    let secret: Uint8Array | undefined;
    for (const { text: shown, origin } of viewsOf(text))
      for (const [start, end] of this.#finder.find(shown)) {
        if (isOwn(text, origin(start), origin(end))) continue;
        secret ??= new Uint8Array(text.length);
        secret.fill(1, origin(start), origin(end));
      }
    return secret ? masked(text, secret) : text;
  }

  /** The same value with every string in it cleaned; keys stay. */
  value<T>(value: T): T {
    if (this.#secrets.size === 0 && this.#short.size === 0) return value;
    return this.#clean(value) as T;
  }

  #clean(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map(item => this.#clean(item));
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.#clean(member)]));
    }
    return value;
  }
}

/** A secret of several lines shows up line by line in a program's output. */
const withLines = (secret: string): string[] => [
  secret,
  ...secret.split(/\r?\n/).filter(line => line.length >= shortestSecret),
];

/**
 * The text with a mask for each stretch of characters that `secret` marks. What overlaps is one, so that
 * nothing is left of a secret that shares its end with another.
 */
function masked(text: string, secret: Uint8Array): string {
  const parts: string[] = [];
  let from = 0;
  while (from < text.length) {
    const start = secret.indexOf(1, from);
    if (start < 0) break;
    parts.push(text.slice(from, start), mask);
    const end = secret.indexOf(0, start);
    from = end < 0 ? text.length : end;
  }
  return parts.join('') + text.slice(from);
}
