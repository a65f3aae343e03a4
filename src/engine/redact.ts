/** Shorter secrets would blank out ordinary text: they are only replaced where they stand alone. */
const shortest = 4;
const mask = '***';

/** Knows every secret that was read in this run and takes it out of what leaves the run. */
export class Redactor {
  /** Longest first, since one may be part of another. */
  #forms: string[] = [];
  readonly #short = new Set<string>();

  add(secret: string): void {
    if (secret.length === 0 || this.#forms.includes(secret)) return;
    if (secret.length < shortest) this.#short.add(secret);
    else {
      // A secret of several lines shows up line by line in a program's output.
      const lines = secret.split(/\r?\n/).filter(line => line.length >= shortest);
      const forms = new Set([...this.#forms, ...[secret, ...lines].flatMap(formsOf)]);
      this.#forms = [...forms].sort((a, b) => b.length - a.length);
    }
  }

  text(text: string): string {
    if (this.#short.has(text)) return mask;
    return this.#forms.reduce((clean, form) => clean.replaceAll(form, mask), text);
  }

  /** The same value with every string in it cleaned; keys stay. */
  value<T>(value: T): T {
    if (this.#forms.length === 0 && this.#short.size === 0) return value;
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

/** How programs write a text: as it is, in JSON with more or less of it escaped, in URLs, in base64. */
function formsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const base64 = Buffer.from(text).toString('base64');
  const base64url = Buffer.from(text).toString('base64url');
  // What Python, PHP, Go and .NET escape over what JSON demands; .NET's `"` is \u0022.
  const escapes = [/[^ -~]/g, /[^ -~]|[<>&]/g, /[^ -~]|[<>&'+`]/g].map(pattern => escaped(json, pattern));
  const strict = escaped(json.replaceAll('\\"', '"'), /[^ -~]|[<>&'+`"]/g);
  const upper = [...escapes, strict].map(form =>
    form.replace(/\\u[0-9a-f]{4}/g, found => `\\u${found.slice(2).toUpperCase()}`),
  );
  return [
    text,
    json,
    ...escapes,
    strict,
    ...upper,
    encodeURIComponent(text),
    base64,
    base64.replace(/=+$/, ''),
    base64url,
  ];
}

const escaped = (text: string, pattern: RegExp): string =>
  text.replace(pattern, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
