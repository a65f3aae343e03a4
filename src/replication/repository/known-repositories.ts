import { join } from 'node:path';
import { blocked, type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import { takeLock } from '../../io/locks/lock.ts';
import type { Host } from '../../io/ports.ts';
import { hex, listOf, members, oneOf, optional, text, tuple, whole } from '../format/shape.ts';
import type { KnownRepositories, KnownRepository, RepositoryRef } from '../model/clients.ts';
import { canonicalRepositoryUrl } from '../model/repository-url.ts';

const version = 1;

const shape = members({
  version: oneOf(version),
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

/** Bytes that are read of the file; thousands of repositories with hundreds of VMs have room there. */
const largest = 32 * 2 ** 20;

/** Until a write of another command is over, ms: each takes milliseconds. */
const patience = 30_000;

type Known = Map<string, KnownRepository>;

/**
 * What `repositories.json` of a state folder knows. A damaged file is told to `warn` once, taken as empty,
 * and set aside by the next write. Commands at the same time each keep what the others learnt. Calls reject
 * with a Failure (given) when others can change the file or it is of a newer converge, and with one (world)
 * when it is too large.
 */
export function knownRepositories(
  host: Pick<Host, 'files' | 'clock' | 'random'>,
  stateDir: string,
  warn: (diagnostic: Diagnostic) => void = () => {},
): KnownRepositories {
  const { files } = host;
  const file = join(stateDir, 'repositories.json');
  let warned = false;
  const read = async (): Promise<Known | 'damaged'> => {
    const bytes = await files.read(file, { most: largest, own: true });
    const entries = bytes ? parse(bytes, file) : [];
    if (entries) return new Map(entries.map(one => [canonicalRepositoryUrl(one.url), knownOf(one)]));
    if (!warned) warn(damaged(file));
    warned = true;
    return 'damaged';
  };
  const readable = async (): Promise<Known> => {
    const found = await read();
    return found === 'damaged' ? new Map() : found;
  };
  const write = async ([ref, seen]: Parameters<KnownRepositories['note']>): Promise<void> => {
    // Most notes say what is known, and need no lock.
    if (!noted(await readable(), ref, seen)) return;
    await files.mkdir(stateDir, { recursive: true, mode: 0o700 });
    const lock = await takeLock(join(stateDir, 'repositories.lock'), {
      host,
      timeout: patience,
      refused: holder => blocked('state-locked', `${file} is being written: ${holder}`),
    });
    try {
      // Read anew: a command beside this one may have learnt something, too.
      const found = await read();
      if (found === 'damaged') await files.rename(file, `${file}.damaged-${host.clock.now()}`);
      const all = noted(found === 'damaged' ? new Map() : found, ref, seen);
      if (all) await files.writeAtomic(file, fileOf(all), { private: true });
    } finally {
      await lock.release();
    }
  };
  let writing: Promise<void> = Promise.resolve();
  return {
    at: async url => (await readable()).get(canonicalRepositoryUrl(url)),
    all: async () => [...(await readable()).values()],
    note(...what) {
      const turn = writing.catch(() => {}).then(() => write(what));
      writing = turn;
      return turn;
    },
  };
}

/** All with what was seen of one; undefined when that was known. */
function noted(
  all: Known,
  ref: RepositoryRef,
  { id, proven, generations = {} }: Parameters<KnownRepositories['note']>[1],
): Known | undefined {
  const url = canonicalRepositoryUrl(ref.url);
  const before = all.get(url);
  const kept = before?.id === id ? before : undefined;
  const merged = { ...kept?.generations };
  for (const [uuid, generation] of Object.entries(generations))
    merged[uuid] = Math.max(merged[uuid] ?? 0, generation);
  const isProven = proven ?? kept?.proven;
  const next: KnownRepository = { ...ref, id, ...(isProven && { proven: isProven }), generations: merged };
  return canonicalJson(next) === (before && canonicalJson(before)) ? undefined : new Map(all).set(url, next);
}

function fileOf(all: Known): Buffer {
  const repositories = [...all.values()].map(one => ({
    ...one,
    generations: Object.entries(one.generations),
  }));
  return Buffer.from(`${JSON.stringify({ version, repositories }, null, 2)}\n`);
}

const knownOf = ({ generations, ...rest }: Entry): KnownRepository => ({
  ...rest,
  generations: Object.fromEntries(generations),
});

/** Undefined: damaged. */
function parse(bytes: Buffer, file: string): Entry[] | undefined {
  let value: { version?: unknown; repositories?: Entry[] } | null;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  const found = value?.version;
  if (typeof found === 'number' && found > version) throw newer(file, found);
  return shape.wrong(value, '') === undefined ? value!.repositories : undefined;
}

const newer = (file: string, found: number): Failure =>
  new Failure(
    given(
      'state-version',
      `${file} is of a newer converge: it has version ${found}, and this reads ${version}`,
      {
        hint: `use a converge that reads version ${found}, or another folder with --state`,
      },
    ),
  );

const damaged = (file: string): Diagnostic => ({
  ...world(
    'state-damaged',
    `${file} is damaged; it is taken as empty, and set aside by the next command that writes to it`,
  ),
  severity: 'warning',
  hint: 'which repositories were there before is not known until they are seen again: look that they are what they should be',
});
