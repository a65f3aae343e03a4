/** Records of DNS that a failover switches. `src/aws/recovery/dns` implements it over Route 53. */
export const RECORD_TYPES = ['A', 'AAAA', 'CNAME'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** A record as a plan declares it. */
export interface DnsProperties {
  /** Name of a hosted zone, or its id. */
  zone: string;
  name: string;
  type: RecordType;
  /** A machine of the plan, for its address in EC2, or what the record is to say. */
  to: string;
  /** Which address of the machine; `private` when left out. */
  address?: 'private' | 'public';
  /** Seconds; 60 when left out. */
  ttl?: number;
}

/**
 * What a record says. `ttl`: seconds; `alias`: it answers as another name of Route 53 does; `sets`: those
 * that Route 53 chooses among, or asks a health check about, each as Route 53 gave it (XML), in the order of
 * their text.
 */
export type RecordValue =
  | { ttl: number; values: string[] }
  | { alias: { zone: string; name: string; health: boolean } }
  | { sets: string[] };

export interface RecordName {
  /** Id of its hosted zone. */
  zone: string;
  /** Lower case, without the dot at its end. */
  name: string;
  type: RecordType;
}

/** A record that a run switches, as it was approved. Either `vm` is whose address it gets, or `literal`. */
export interface PlannedRecord extends RecordName {
  ttl: number;
  vm?: string;
  address?: 'private' | 'public';
  literal?: string;
}

/** One that is switched; `old`: what it said before, undefined where there was none. */
export interface SwitchedRecord extends RecordName {
  vm?: string;
  old?: RecordValue;
  to: RecordValue;
}

/** What became of one that was switched: it says again what it did, or somebody has changed it since. */
export interface PutBack extends RecordName {
  outcome: 'back' | 'other';
  /** Of `back`: what it says now, undefined where there is none again; of `other`: what was found. */
  now?: RecordValue;
}

/** Steps of a run that takes over. */
export type DnsStep =
  /** They are about to be switched. */
  | { what: 'dns-switching'; records: SwitchedRecord[] }
  | { what: 'dns-switched'; names: string[] }
  | { what: 'dns-back'; records: PutBack[] };

export interface FoundRecord {
  type: string;
  value: RecordValue;
  /** Why it can't be given another value: a traffic policy of Route 53 made it. */
  fixed?: string;
}

export interface DnsCloud {
  /** @throws Failure `dns-zone-not-found`, `dns-zone-ambiguous` */
  zone(nameOrId: string, signal?: AbortSignal): Promise<{ id: string; name: string }>;
  /** All records of a name; none of a zone that is gone. */
  records(zone: string, name: string, signal?: AbortSignal): Promise<FoundRecord[]>;
  /**
   * Has records of one zone say this, whatever they said; all of them or none. `was`: what one says now,
   * where it is several, which have to go at the same moment.
   */
  upsert(
    zone: string,
    records: readonly (RecordName & { to: RecordValue; was?: RecordValue })[],
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Has a record that says exactly `was` say `to`, undefined: be gone. False where it doesn't say that any
   * more, and then nothing is changed.
   */
  replace(
    of: RecordName,
    was: RecordValue,
    to: RecordValue | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
}

/** In one spelling: lower case, without the dot at the end, `*` as itself. */
export const plainName = (name: string): string =>
  name.toLowerCase().replaceAll('\\052', '*').replace(/\.$/, '');

/** The id of a hosted zone, as against its name. */
export const isZoneId = (zone: string): boolean => /^Z[0-9A-Z]{4,31}$/.test(zone);

/** `192.0.2.10 (ttl 300)`, for people. */
export function valueWords(value: RecordValue | undefined): string {
  if (!value) return 'no record';
  if ('alias' in value) return `an alias of ${value.alias.name}`;
  if ('sets' in value)
    return `${value.sets.length} ${value.sets.length === 1 ? 'record' : 'records'} that Route 53 chooses among`;
  return `${value.values.join(', ')} (ttl ${value.ttl})`;
}

/** Whether two records say the same, in whichever order. */
export function sameValue(one: RecordValue | undefined, other: RecordValue | undefined): boolean {
  if (!one || !other) return one === other;
  if ('alias' in one || 'alias' in other)
    return (
      'alias' in one &&
      'alias' in other &&
      one.alias.zone === other.alias.zone &&
      plainName(one.alias.name) === plainName(other.alias.name) &&
      one.alias.health === other.alias.health
    );
  if ('sets' in one || 'sets' in other)
    return 'sets' in one && 'sets' in other && one.sets.join('\n') === other.sets.join('\n');
  const sorted = ({ values }: { values: string[] }) => JSON.stringify([...values].map(plainName).sort());
  return one.ttl === other.ttl && sorted(one) === sorted(other);
}
