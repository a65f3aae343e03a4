import { readAcls } from '../acls/store.ts';
import { sidOf } from '../machine/accounts.ts';
import { type Cmdlet, list, wrote } from './cmdlet.ts';

/** Get-Acl and NTAccount.Translate: entries that aren't inherited, as numbers of .NET's enumerations. */
export const readAccess: Cmdlet = async ({ paths, names }, _, { files, language }) => {
  const acls = await readAcls(files);
  const answers = list(paths).map(async path => {
    const acl = await acls.read(path);
    if (!acl)
      return {
        error:
          language === 'de'
            ? `Der Pfad "${path}" kann nicht gefunden werden.`
            : `Cannot find path '${path}'.`,
      };
    const rules = acl.explicit.map(({ sid, mask, type, flags }) => ({
      sid,
      // FileSystemRights is a signed number.
      mask: mask | 0,
      deny: type === 'deny' ? 1 : 0,
      inherit: (flags.includes('CI') ? 1 : 0) | (flags.includes('OI') ? 2 : 0),
      propagate: (flags.includes('NP') ? 1 : 0) | (flags.includes('IO') ? 2 : 0),
    }));
    return { isProtected: acl.isProtected, rules };
  });
  return wrote({
    acls: await Promise.all(answers),
    sids: list(names).map(name => sidOf(name, language) ?? ''),
  });
};
