const name = '(?:password|passwd|pwd|secret|token|api[_-]?key|license[_-]?key|access[_-]?key)';

/** Whether what goes by this name is a secret. */
export const namesSecret = (text: string): boolean => new RegExp(name, 'i').test(text);

/** A line with what looks like a secret taken out, for messages. */
export function withoutSecrets(line: string): string {
  return line
    .replace(
      new RegExp(String.raw`([/\-.]?\w*${name}\w*\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s'"\],]+)`, 'gi'),
      '$1***',
    )
    .replace(new RegExp(String.raw`([/-]\w*${name}\w*\s+)("[^"]*"|'[^']*'|[^\s'"]+)`, 'gi'), '$1***')
    .replace(new RegExp(String.raw`(name='[^']*${name}[^']*',\s*value=)'[^']*'`, 'gi'), "$1'***'")
    .replace(/(\s[/-](?:rp|p|pw)\s+)("[^"]*"|\S+)/gi, '$1***')
    .replace(/(\bnet1?(?:\.exe)?\s+user\s+\S+\s+)([^\s/]\S*)/gi, '$1***');
}

/** Whether a text gives something with a secret's name a value: `token: x`, `--token x`. */
export const holdsSecret = (text: string): boolean =>
  new RegExp(String.raw`(?:^|[{,;\s])["']?[\w.-]*${name}\w*["']?\s*[:=]\s*\S`, 'im').test(text) ||
  new RegExp(String.raw`(?:^|\s)[/-]{1,2}[\w-]*${name}\w*\s+[^\s/-]`, 'i').test(text);
