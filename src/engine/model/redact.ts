import { isOwn } from '../../diagnostics/own-words.ts';

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
    return this.#forms.reduce(
      (clean, form) =>
        clean.replaceAll(form, (found, at: number) => (isOwn(clean, at, at + found.length) ? found : mask)),
      text,
    );
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
    JSON.stringify(json).slice(1, -1),
    ...inUrls(text),
    ...inBase64(Buffer.from(text)),
  ];
}

const escaped = (text: string, pattern: RegExp): string =>
  text.replace(pattern, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Percent-encoded as strictly as RFC 3986 allows, as browsers do, in lower case, and as forms send it. */
function inUrls(text: string): string[] {
  const browser = encodeURIComponent(text.toWellFormed());
  const strict = browser.replace(/[!'()*]/g, unit => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`);
  return [browser, strict].flatMap(form => {
    const plus = form.replaceAll('%20', '+');
    return [form, plus].flatMap(each => [each, each.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase())]);
  });
}

/** Fewer characters of base64 than this could be ordinary text. */
const shortestInside = 8;
/** What programs wrap base64 at: PEM, and MIME. */
const lineLengths = [64, 76];

/**
 * Whole and wrapped, and as it stands inside something longer (`user:password`): what lies before it moves
 * it by a part of three bytes, and the characters that it shares with its neighbours are theirs as well.
 */
function inBase64(bytes: Buffer): string[] {
  const whole = bytes.toString('base64');
  const lines = lineLengths.flatMap(length => whole.match(new RegExp(`.{1,${length}}`, 'g')) ?? []);
  const inside = [0, 1, 2].map(before => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const full = shifted.subarray(0, shifted.length - (shifted.length % 3)).toString('base64');
    return full.slice(before === 0 ? 0 : before + 1);
  });
  const parts = [...lines, ...inside].filter(part => part.length >= shortestInside);
  return [whole, whole.replace(/=+$/, ''), ...parts].flatMap(form => [
    form,
    form.replaceAll('+', '-').replaceAll('/', '_'),
  ]);
}
