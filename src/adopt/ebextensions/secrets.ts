const name = '(?:password|passwd|pwd|secret|token|api[_-]?key|license[_-]?key|access[_-]?key)';

/** A line with what looks like a secret taken out, for messages. */
export function withoutSecrets(line: string): string {
  return line
    .replace(
      new RegExp(String.raw`([/\-.]?\w*${name}\w*\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s'"\],]+)`, 'gi'),
      '$1***',
    )
    .replace(/(\s[/-](?:rp|p|pw)\s+)("[^"]*"|\S+)/gi, '$1***');
}

/** Whether a text gives something with a secret's name a value. */
export const holdsSecret = (text: string): boolean =>
  new RegExp(String.raw`(?:^|[{,;\s])["']?[\w.-]*${name}\w*["']?\s*[:=]\s*\S`, 'im').test(text);
