/** A text with the escapes of one kind undone, and where each of its characters came from. */
export interface View {
  text: string;
  /** Index in the text that was given of what became the character at `index`. */
  origin(index: number): number;
}

/** One kind of escape. */
interface Escape {
  pattern: RegExp;
  /** What the matched escape stands for; group by group as in the pattern. */
  meaning(match: RegExpExecArray): string;
}

const named: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  e: '\u001b',
  0: '\0',
};

const unit = (hex: string): string => point(Number.parseInt(hex, 16));
const point = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');

/** JSON (RFC 8259, section 7), C and its like, `printf %q` of bash with `$'...'`, words of POSIX shells. */
const backslash: Escape = {
  pattern:
    /\\(?:u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-3][0-7]{2})|(.))/gs,
  meaning: ([, u = '', braced = '', long = '', x = '', octal = '', other = '']) => {
    if (octal) return point(Number.parseInt(octal, 8));
    return other ? (named[other] ?? other) : unit(u || braced || long || x);
  },
};

/** Arguments of Windows programs: backslashes count only before a quote (CommandLineToArgvW). */
const argument: Escape = {
  pattern: /(\\+)"/g,
  meaning: ([, slashes = '']) => `${'\\'.repeat(slashes.length >> 1)}"`,
};

/** Inside double quotes of POSIX shells only these are escaped (XCU 2.2.3). */
const doubleQuotes: Escape = { pattern: /\\([$`"\\\n])/g, meaning: ([, character = '']) => character };

/** A single quote inside single quotes of POSIX shells. */
const singleQuotes: Escape = { pattern: /'\\''|'"'"'/g, meaning: () => "'" };

/** A quote inside quotes of PowerShell and SQL; PowerShell takes those of print for one as well. */
const singleTwice: Escape = { pattern: /(['\u2018-\u201b])\1/g, meaning: ([, quote = '']) => quote };

/** The same of cmd, PowerShell and CSV. */
const doubleTwice: Escape = { pattern: /""/g, meaning: () => '"' };

/** Batch files. */
const percentTwice: Escape = { pattern: /%%/g, meaning: () => '%' };

/** cmd. */
const caret: Escape = { pattern: /\^(\r?\n|.)/gs, meaning: ([, character = '']) => character };

/** PowerShell inside double quotes. */
const backtick: Escape = {
  pattern: /`(?:u\{([0-9a-f]{1,6})\}|(.))/gis,
  meaning: ([, braced, other = '']) => (braced === undefined ? (named[other] ?? other) : unit(braced)),
};

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** XML and HTML, and what the CLIXML of PowerShell writes for characters that XML can't hold. */
const markup: Escape = {
  pattern: /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));|_x([0-9a-f]{4})_/gi,
  meaning: ([, decimal, hex, name, clixml]) =>
    decimal !== undefined
      ? point(Number(decimal))
      : name
        ? entities[name.toLowerCase()]!
        : unit((hex ?? clixml)!),
};

/** URLs (RFC 3986, section 2.1); what is not ASCII comes out as bytes, each a character. */
const percent: Escape = { pattern: /%([0-9a-f]{2})/gi, meaning: ([, hex = '']) => unit(hex) };

/** Forms (`application/x-www-form-urlencoded`). */
const form: Escape = {
  pattern: /%([0-9a-f]{2})|\+/gi,
  meaning: ([, hex]) => (hex === undefined ? ' ' : unit(hex)),
};

/** ASCII in UTF-16 or UTF-32, read byte by byte. */
const nulls: Escape = { pattern: /\0+/g, meaning: () => '' };

/** Base64 and hex in lines, as PEM, MIME and `certutil` write them. */
const lines: Escape = { pattern: /(?<=[\w+/-])\r?\n[ \t]*(?=[\w+/-])/g, meaning: () => '' };

/** Hex byte by byte: `70:61`, `70 61`, `0x70, 0x61`, and the `70,61,\` of a .reg file. */
const bytes: Escape = {
  pattern: /(?<=[0-9a-f]{2})(?:,\\\r?\n *|[:, -]{1,2})(?:0x)?(?=[0-9a-f]{2})/gi,
  meaning: () => '',
};

/** What is undone in a row: a text in JSON in JSON, a quoted argument in a task's XML. */
const rows: readonly (readonly Escape[])[] = [
  [backslash],
  [backslash, backslash],
  [backslash, markup],
  [backslash, percent],
  [backslash, lines],
  [argument],
  [doubleQuotes],
  [singleQuotes],
  [singleTwice],
  [doubleTwice],
  [doubleTwice, argument],
  [doubleTwice, percentTwice],
  [percentTwice],
  [caret],
  [caret, caret],
  [caret, argument],
  [caret, doubleTwice],
  [backtick],
  [markup],
  [markup, markup],
  [markup, backslash],
  [markup, argument],
  [markup, singleTwice],
  [markup, doubleTwice],
  [percent],
  [percent, percent],
  [form],
  [nulls],
  [lines],
  [bytes],
];

/** The text in every way that it can be read; a way that changes nothing of it is left out. */
export function* viewsOf(text: string): Generator<View> {
  yield { text, origin: index => index };
  const first = new Map<Escape, View | undefined>();
  for (const [outer, inner] of rows as readonly (readonly [Escape, Escape?])[]) {
    if (!first.has(outer)) first.set(outer, undo(text, outer));
    const view = first.get(outer);
    if (!view) continue;
    const last = inner ? undo(view.text, inner) : undefined;
    if (!inner) yield view;
    else if (last) yield { text: last.text, origin: index => view.origin(last.origin(index)) };
  }
}

/** Undefined when there is nothing to undo. */
function undo(text: string, { pattern, meaning }: Escape): View | undefined {
  const parts: string[] = [];
  // Where what comes after each escape begins, in the view and in the text; in between both run alike.
  const after: number[] = [0];
  const before: number[] = [0];
  let length = 0;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const means = meaning(match);
    const plain = text.slice(end, match.index);
    parts.push(plain, means);
    length += plain.length;
    // Every character of what an escape stands for comes from its start.
    for (let i = 0; i < means.length; i++) {
      after.push(length + i);
      before.push(match.index);
    }
    length += means.length;
    end = match.index + match[0].length;
    after.push(length);
    before.push(end);
  }
  if (end === 0) return undefined;
  parts.push(text.slice(end));
  return {
    text: parts.join(''),
    origin(index) {
      let low = 0;
      let high = after.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (after[middle]! <= index) low = middle;
        else high = middle;
      }
      return before[low]! + index - after[low]!;
    },
  };
}
