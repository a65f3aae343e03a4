import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import { MADE_BY } from '../../recovery/model/made-by.ts';

declare module '../../engine/model/io.ts' {
  interface Clients {
    owner_records: OwnerRecords;
  }
}

/**
 * Of one account and region: what repositories, which manifests of this run declare there, know of what
 * converge made. All calls reject with a Failure.
 */
export interface OwnerRecords {
  readonly region: string;
  /** Twelve digits; of a service that isn't AWS its address. */
  account(): Promise<string>;
  /** All that are kept about objects of that name, as they were found; none where there is no repository. */
  read(type: string, title: string): Promise<unknown[]>;
  /** In each repository that is there. Durable when it resolves. */
  add(type: string, title: string, record: OwnerRecord): Promise<void>;
}

/** That converge made, or took over, one object. */
export interface OwnerRecord {
  version: 1;
  /** What the object has in its tag `converge:made-by`. */
  mark: string;
  /** What AWS calls that very object and never another; not yet known before it is made. */
  id?: string;
  account: string;
  region: string;
  /** ms since 1970. */
  at: number;
}

/** An object of AWS. `id`: undefined where AWS tells no two of one name apart, as buckets. */
export interface Owned {
  type: string;
  title: string;
  id?: string;
  tags: Readonly<Record<string, string>>;
  /** The way out when it isn't ours to remove; left out: the usual one. */
  hint?: string;
}

/** An object that is being made or taken over. */
export interface Claim {
  /** To be on the object from its beginning. */
  tags: Record<string, string>;
  /** Once it is known what AWS calls it. Durable when it resolves. */
  made(id: string): Promise<void>;
}

/** Records of one name that this machine keeps, of all accounts and regions. */
const mostKept = 50;

/**
 * Writes down, before it is done, that converge makes an object of this name or takes one over: in the memory
 * of the type, and in each repository that is there. Without that nothing is made.
 */
export async function claimed(type: string, title: string, io: WriteIo): Promise<Claim> {
  const records = await io.client('owner_records');
  const record: OwnerRecord = {
    version: 1,
    mark: io.random.uuid(),
    account: await records.account(),
    region: records.region,
    at: io.clock.now(),
  };
  const keep = async (one: OwnerRecord) => {
    const before = remembered(type, title, io).filter(each => recordIn(each)?.mark !== one.mark);
    await io.memory.set(keyOf(type, title), [...before, one].slice(-mostKept));
    await records.add(type, title, one);
  };
  await keep(record);
  return { tags: { [MADE_BY]: record.mark }, made: id => keep({ ...record, id }) };
}

/** Whether it has the mark of a request of converge; only a record says which object that made. */
export const isMarked = (tags: Readonly<Record<string, string>>): boolean => tags[MADE_BY] !== undefined;

/**
 * Lets only that pass which converge made, or took over: with its mark, and a record of this very object in
 * this account and region.
 *
 * @throws Failure `foreign-object`, or `owner-record-unreadable` where that can't be told
 */
export async function demandOurs(object: Owned, io: WriteIo): Promise<void> {
  const { type, title, id } = object;
  const mark = object.tags[MADE_BY];
  if (mark === undefined) throw new Failure(foreign(object, `it lacks the tag ${MADE_BY}`));
  const records = await io.client('owner_records');
  const here = remembered(type, title, io);
  const [near, unreadable] = ofMark(here, mark);
  const [found, damaged] = near ? [near, false] : ofMark(await readable(object, records), mark);
  if (!found) {
    if (unreadable || damaged) throw new Failure(unknown(object, 'it is not one that converge writes'));
    throw new Failure(foreign(object, 'there is no record that converge made it'));
  }
  const account = await records.account();
  if (found.account !== account)
    throw new Failure(foreign(object, `it was made in the account ${found.account}, and this is ${account}`));
  if (found.region !== records.region)
    throw new Failure(foreign(object, `it was made in ${found.region}, and this is ${records.region}`));
  if (found.id !== undefined && found.id !== id)
    throw new Failure(foreign(object, `what converge made was ${found.id}, and this is ${id}`));
}

const keyOf = (type: string, title: string) => `${type}:owned:${title}`;

function remembered(type: string, title: string, io: WriteIo): unknown[] {
  const kept = io.memory.get(keyOf(type, title)) ?? [];
  return Array.isArray(kept) ? kept : [kept];
}

async function readable(object: Owned, records: OwnerRecords): Promise<unknown[]> {
  try {
    return await records.read(object.type, object.title);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(unknown(object, error.diagnostics.map(({ message }) => message).join('; ')), {
      cause: error,
    });
  }
}

/** The newest record of a mark, and whether there is something that can't be read. */
function ofMark(records: readonly unknown[], mark: string): [OwnerRecord | undefined, boolean] {
  const read = records.map(recordIn);
  return [read.findLast(one => one?.mark === mark), read.includes(undefined)];
}

/** Undefined for what no converge of this version writes. */
function recordIn(value: unknown): OwnerRecord | undefined {
  const one = value as Partial<OwnerRecord> | null;
  const texts = [one?.mark, one?.account, one?.region, one?.id ?? ''];
  const isOne = one?.version === 1 && texts.every(text => typeof text === 'string');
  return isOne && typeof one.at === 'number' ? (one as OwnerRecord) : undefined;
}

const nameOf = ({ type, title, id }: Owned) => `${type} ${title}${id === undefined ? '' : ` (${id})`}`;

const foreign = (object: Owned, why: string): Diagnostic =>
  world('foreign-object', own`${nameOf(object)} is left alone: ${why}`, {
    hint: object.hint ?? takeOver,
  });

const takeOver = `remove it yourself; or take away its tag ${MADE_BY}, if any, and apply its declaration: that takes it over, and what is taken over can be removed`;

const unknown = (object: Owned, why: string): Diagnostic =>
  world(
    'owner-record-unreadable',
    own`${nameOf(object)} is left alone: the record that converge made it can't be read: ${why}`,
    { hint: 'run again when it can; or remove the object yourself' },
  );
