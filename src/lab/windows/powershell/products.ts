import { readRegistry } from '../registry/store.ts';
import { textOf } from '../registry/values.ts';
import { type Cmdlet, list, wrote } from './cmdlet.ts';

/** Name and version of what is registered below Uninstall, in both views. */
export const installedProducts: Cmdlet = async ({ codes }, _, { files }) => {
  const registry = await readRegistry(files);
  const products = ['', 'WOW6432Node\\'].flatMap(view =>
    list(codes).flatMap(code => {
      const key = `HKEY_LOCAL_MACHINE\\SOFTWARE\\${view}Microsoft\\Windows\\CurrentVersion\\Uninstall\\${code}`;
      const of = (name: string) => textOf(registry.value(key, name)) ?? '';
      return registry.has(key) ? [{ code, name: of('DisplayName'), version: of('DisplayVersion') }] : [];
    }),
  );
  return wrote({ products });
};
