/** How text with `${...}` reads: text, a secret reference, or a mistake and where it starts. */
export type Expression =
  | { kind: 'text'; text: string }
  | { kind: 'secret'; secret: string }
  | { kind: 'mistake'; message: string; hint: string; offset: number };

const wholeSecret = /^\$\{\s*secret\(\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\)\s*\}$/;
const reference = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s;

/** What a manifest writes for a secret; shown in hints. */
export const secretExample = "${secret('env:NAME')}";

/**
 * Reads the `${...}` of one scalar. Only a secret reference as the whole scalar is an expression so
 * far; `$${` is a literal `${`. `offset` counts UTF-16 units from the start of `text`. A message never
 * repeats what stands inside the braces: it might be the secret itself.
 */
export function readExpression(text: string): Expression {
  const offset = findOpening(text, 0);
  if (offset === -1) return { kind: 'text', text: text.replaceAll('$${', '${') };
  const mistake = (message: string, hint: string): Expression => ({ kind: 'mistake', message, hint, offset });
  const match = wholeSecret.exec(text);
  if (match) {
    const secret = match[1] ?? match[2] ?? '';
    if (reference.test(secret)) return { kind: 'secret', secret };
    return mistake(
      'a secret is named by `env:NAME` or `file:PATH`',
      `write \${secret('env:NAME')} or \${secret('file:/path')}`,
    );
  }
  if (/^\s*secret\s*\(/.test(text.slice(offset + 2)))
    return mistake(
      "`secret('env:NAME')` or `secret('file:PATH')` has to be the whole value",
      `write "${secretExample}" and nothing around it; paths take forward slashes`,
    );
  return mistake(
    'only a secret may stand in `${...}` in this version of converge',
    `write ${secretExample}, or \`$\${\` for a literal \`\${\``,
  );
}

/** Index of the first `${` that isn't escaped as `$${`, or -1. */
function findOpening(text: string, from: number): number {
  for (let at = text.indexOf('${', from); at !== -1; at = text.indexOf('${', at + 2))
    if (text[at - 1] !== '$') return at;
  return -1;
}
