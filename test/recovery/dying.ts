import type { RehearseOptions } from '../../src/recovery/failover/options.ts';
import type { Repository } from '../../src/replication/model/repository.ts';

/** Of a cloud and of records: what changes something. */
const changing = new Set(
  `add allow attach begin cancel complete create detach endWith put registerImage remove removeImage replace
  replaceRoot revoke run setGroups setProfile start stop tag take terminate upsert`.split(/\s+/),
);

/**
 * Processes, one after the other, each of which dies before the first change that none has died before: a
 * call that changes something in AWS, or a record. So each change is one that somebody came to, with all
 * before it done, and never knew the answer of the one before. What is changed is told by its name.
 *
 * @param only the one change that a process dies before, where it isn't each of them
 */
export function deaths(only?: string) {
  const died: string[] = [];
  /** The world of the next process, and whether it has died in it. */
  const next = <T extends Pick<RehearseOptions, 'cloud' | 'repository'>>(options: T) => {
    let dead = false;
    const guard = (name: string) => {
      if (!dead && !died.includes(name) && (only === undefined || name === only)) {
        died.push(name);
        dead = true;
      }
      if (dead) throw new Error('killed');
    };
    const watched = <O extends object>(of: O, called: string): O =>
      new Proxy(of, {
        get(target, key) {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) => {
            if (dead) throw new Error('killed');
            if (changing.has(String(key))) guard(`${called}.${String(key)}${detailOf(args)}`);
            return member.apply(target, args);
          };
        },
      });
    const cloud = Object.fromEntries(
      Object.entries(options.cloud).map(([name, part]) => [
        name,
        typeof part === 'object' && part !== null ? watched(part, name) : part,
      ]),
    ) as T['cloud'];
    const repository = new Proxy(options.repository, {
      get: (target, key) =>
        key === 'records' ? watched(target.records, 'records') : (Reflect.get(target, key) as unknown),
    }) as Repository;
    return { options: { ...options, cloud, repository }, dead: () => dead };
  };
  return { died, next };
}

/** What tells apart calls of one name: the step that a record is of, the number of a part. */
function detailOf(args: readonly unknown[]): string {
  for (const arg of args) {
    const { what, number } = (arg ?? {}) as { what?: unknown; number?: unknown };
    if (typeof what === 'string') return ` ${what}`;
    if (typeof number === 'number') return ` ${number}`;
  }
  return '';
}
