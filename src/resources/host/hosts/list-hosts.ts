import type { ListQuery } from '../../../engine/model/resource-type.ts';
import { chosen, type Declaration, type Unsaid, unsaid } from '../../shared/list-declarations.ts';
import { familyOf, type HostsLine, sameAddress } from './hosts-file.ts';

/** Each line of the table as one entry: its first name, and the others as aliases. */
export function* listEntries(lines: readonly HostsLine[], query: ListQuery<unknown>) {
  const seen = new Map<string, string>();
  const found: (Declaration | Unsaid)[] = [];
  for (const { address, names } of lines) {
    if (address === undefined) continue;
    const family = familyOf(address);
    const keyOf = (name: string) => `${name.toLowerCase()} ${family}`;
    const fresh = names.filter((name, n) => !seen.has(keyOf(name)) && names.indexOf(name) === n);
    for (const name of names) {
      const other = seen.get(keyOf(name));
      if (other !== undefined && !sameAddress(other, address))
        found.push(
          unsaid(`${address} ${name}`, `the name has ${other} as well, and an entry gives it one address`),
        );
      seen.set(keyOf(name), other ?? address);
    }
    const [host, ...aliases] = fresh;
    if (host === undefined) continue;
    const isSecond = found.some(one => 'title' in one && one.title.toLowerCase() === host.toLowerCase());
    found.push({
      title: isSecond ? `${host} IPv${family}` : host,
      properties: {
        ...(isSecond && { host }),
        address,
        ...(aliases.length > 0 && { aliases }),
      },
    });
  }
  yield* chosen(found, query, 'hosts entry');
}
