const roots: Record<string, string> = {
  HKLM: 'HKEY_LOCAL_MACHINE',
  HKCU: 'HKEY_CURRENT_USER',
  HKCR: 'HKEY_CLASSES_ROOT',
  HKU: 'HKEY_USERS',
  HKCC: 'HKEY_CURRENT_CONFIG',
};

/**
 * A key as typed in its full spelling; undefined for an unknown root. `view` 32 leads below `WOW6432Node`,
 * where 32-bit programs see HKLM\SOFTWARE.
 */
export function keyPath(typed: string, view: 32 | 64 = 64): string | undefined {
  const [root = '', ...names] = typed
    .replace(/^\\\\\.\\/, '')
    .replace(/\\+$/, '')
    .split('\\');
  const upper = root.toUpperCase();
  const full = Object.hasOwn(roots, upper) ? roots[upper]! : Object.values(roots).find(one => one === upper);
  if (full === undefined || names.includes('')) return undefined;
  const isSoftware = full === 'HKEY_LOCAL_MACHINE' && names[0]?.toLowerCase() === 'software';
  const redirected = view === 32 && isSoftware && names[1]?.toLowerCase() !== 'wow6432node';
  return [full, ...(redirected ? [names[0]!, 'WOW6432Node', ...names.slice(1)] : names)].join('\\');
}
