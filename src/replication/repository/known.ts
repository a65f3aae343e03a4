import { join } from 'node:path';
import type { Files } from '../../io/ports.ts';
import { hex, listOf, members, oneOf, optional, text, tuple, whole } from '../format/shape.ts';
import type { KnownRepositories, KnownRepository } from '../model/clients.ts';
import { canonicalRepositoryUrl } from '../model/repository-url.ts';

const shape = members({
  version: oneOf(1),
  repositories: listOf(
    members({
      url: text,
      target: optional(text),
      key: optional(members({ $secret: text })),
      id: hex(16),
      proven: optional(oneOf(true)),
      generations: listOf(tuple(text, whole(1))),
    }),
  ),
});

/** As the file has it: a UUID must not become a property's name. */
type Entry = Omit<KnownRepository, 'generations'> & { generations: [uuid: string, generation: number][] };

/** What `repositories.json` of a state folder knows; a file that can't be understood knows nothing. */
export function knownRepositories(files: Files, stateDir: string): KnownRepositories {
  const file = join(stateDir, 'repositories.json');
  const read = async (): Promise<Map<string, KnownRepository>> => {
    const found = parse(await files.read(file));
    return new Map(
      found.map(one => [
        canonicalRepositoryUrl(one.url),
        { ...one, generations: Object.fromEntries(one.generations) },
      ]),
    );
  };
  let writing: Promise<void> = Promise.resolve();
  const write = async ([ref, { id, proven, generations = {} }]: Parameters<
    KnownRepositories['note']
  >): Promise<void> => {
    // Read anew: a command beside this one may have learnt something, too.
    const all = await read();
    const url = canonicalRepositoryUrl(ref.url);
    const before = all.get(url);
    const kept = before?.id === id ? before : undefined;
    const merged = { ...kept?.generations };
    for (const [uuid, generation] of Object.entries(generations))
      merged[uuid] = Math.max(merged[uuid] ?? 0, generation);
    const isProven = proven ?? kept?.proven;
    const next: KnownRepository = { ...ref, id, ...(isProven && { proven: isProven }), generations: merged };
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    all.set(url, next);
    const repositories = [...all.values()].map(one => ({
      ...one,
      generations: Object.entries(one.generations),
    }));
    await files.mkdir(stateDir, { recursive: true, mode: 0o700 });
    const bytes = Buffer.from(`${JSON.stringify({ version: 1, repositories }, null, 2)}\n`);
    await files.writeAtomic(file, bytes, { mode: 0o600 });
  };
  return {
    at: async url => (await read()).get(canonicalRepositoryUrl(url)),
    all: async () => [...(await read()).values()],
    note(...what) {
      const turn = writing.catch(() => {}).then(() => write(what));
      writing = turn;
      return turn;
    },
  };
}

function parse(bytes: Buffer | undefined): Entry[] {
  try {
    const value = bytes && JSON.parse(bytes.toString('utf8'));
    return value && shape.wrong(value, '') === undefined
      ? (value as { repositories: Entry[] }).repositories
      : [];
  } catch {
    return [];
  }
}
