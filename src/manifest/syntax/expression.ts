/** How text with `${...}` reads: text, a secret reference, expressions, or a mistake and where it starts. */
export type Expression =
  | { kind: 'text'; text: string }
  | { kind: 'secret'; secret: string }
  | { kind: 'template'; parts: TemplatePart[] }
  | { kind: 'mistake'; message: string; hint: string; offset: number };

/** Literal text, or the CEL between the braces. */
export type TemplatePart = string | { cel: string };

const wholeSecret = /^\$\{\s*secret\(\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\)\s*\}$/;
// What Parameter Store and Secrets Manager let a name or ARN hold, and a version after `:`.
const reference =
  /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|credential:[A-Za-z0-9_.-]+|ssm:[A-Za-z0-9_.\-/:]+|secretsmanager:[A-Za-z0-9/_+=.@:-]+(#.+)?)$/s;

/** What a manifest writes for a secret; shown in hints. */
export const secretExample = "${secret('env:NAME')}";

/** The most that one expression may have, in UTF-16 units. */
const longest = 4096;

/**
 * Reads the `${...}` of one scalar; `$${` is a literal `${`. `offset` counts UTF-16 units from the start
 * of `text`. A message never repeats what is inside the braces: it might be the secret itself.
 */
export function readExpression(text: string): Expression {
  const offset = findOpening(text, 0);
  if (offset === -1) return { kind: 'text', text: unescaped(text) };
  const match = wholeSecret.exec(text);
  if (match) {
    const secret = match[1] ?? match[2] ?? '';
    if (reference.test(secret)) return { kind: 'secret', secret };
    return {
      kind: 'mistake',
      message:
        'a secret is named by `env:NAME`, `file:PATH`, `credential:NAME`, `ssm:NAME` or `secretsmanager:NAME`',
      hint: `write \${secret('env:NAME')}, \${secret('file:/path')}, \${secret('ssm:/path')} or \${secret('secretsmanager:NAME#key')}`,
      offset,
    };
  }
  const parts: TemplatePart[] = [];
  let done = 0;
  for (let open = offset; open !== -1; open = findOpening(text, done)) {
    const mistake = (message: string, hint: string): Expression => ({
      kind: 'mistake',
      message,
      hint,
      offset: open,
    });
    const close = findClosing(text, open + 2);
    const cel = text.slice(open + 2, close === -1 ? undefined : close);
    if (/\bsecret\s*\(/.test(cel))
      return mistake(
        "`secret('env:NAME')` or `secret('file:PATH')` has to be the whole value",
        `write "${secretExample}" and nothing around it; paths take forward slashes`,
      );
    if (close === -1)
      return mistake('`${` has no closing brace', 'write `}` after it, or `$${` for a literal `${`');
    if (cel.trim() === '') return mistake('`${}` holds no expression', 'write `$${` for a literal `${`');
    if (cel.length > longest)
      return mistake(`an expression has at most ${longest} characters`, 'split it over several `params`');
    if (open > done) parts.push(unescaped(text.slice(done, open)));
    parts.push({ cel });
    done = close + 1;
  }
  if (done < text.length) parts.push(unescaped(text.slice(done)));
  return { kind: 'template', parts };
}

const unescaped = (text: string): string => text.replaceAll('$${', '${');

/** Text that reads as itself wherever expressions are read. */
export const literal = (text: string): string => text.replaceAll('${', () => '$${');

/** Index of the first `${` that isn't escaped as `$${`, or -1. */
function findOpening(text: string, from: number): number {
  for (let at = text.indexOf('${', from); at !== -1; at = text.indexOf('${', at + 2))
    if (at === from || text[at - 1] !== '$') return at;
  return -1;
}

/** Index of the brace that closes an expression, past maps and quoted text in it; or -1. */
function findClosing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"' || character === "'") {
      at = endOfQuote(text, at);
      if (at === -1) return -1;
    } else if (character === '{') depth++;
    else if (character === '}' && depth-- === 0) return at;
  }
  return -1;
}

function endOfQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start]) return at;
  }
  return -1;
}
