/** Shorter secrets would blank out ordinary text: they are only replaced where they stand alone. */
const shortest = 4;
const mask = '***';

/** Knows every secret that was read in this run and takes it out of what leaves the run. */
export class Redactor {
  readonly #forms = new Set<string>();
  readonly #short = new Set<string>();

  add(secret: string): void {
    if (secret.length === 0) return;
    if (secret.length < shortest) this.#short.add(secret);
    else {
      const json = JSON.stringify(secret).slice(1, -1);
      const base64 = Buffer.from(secret).toString('base64');
      const forms = [secret, json, encodeURIComponent(secret), base64, base64.replace(/=+$/, '')];
      for (const form of [...forms, Buffer.from(secret).toString('base64url')]) this.#forms.add(form);
      // A secret of several lines shows up line by line in a program's output.
      for (const line of secret.split(/\r?\n/)) if (line.length >= 8) this.#forms.add(line);
    }
  }

  text(text: string): string {
    if (this.#short.has(text)) return mask;
    const longestFirst = [...this.#forms].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((clean, form) => clean.replaceAll(form, mask), text);
  }

  /** The same value with every string in it cleaned; keys stay. */
  value<T>(value: T): T {
    if (this.#forms.size === 0 && this.#short.size === 0) return value;
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
