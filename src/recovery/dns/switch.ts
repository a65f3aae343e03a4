import { Failure, world } from '../../diagnostics/diagnostic.ts';
import {
  type DnsCloud,
  type DnsStep,
  type PlannedRecord,
  type PutBack,
  type RecordName,
  type RecordValue,
  type SwitchedRecord,
  sameValue,
} from '../model/dns.ts';

/** What of a run's record tells about its records of DNS; other steps are passed over. */
export type Recorded = readonly (DnsStep | { what: string })[];

interface On {
  steps: Recorded;
  dns: DnsCloud;
  /** Writes a step down in the record of the run. */
  note(step: DnsStep): Promise<void>;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}

const keyOf = ({ zone, name, type }: RecordName): string => `${zone} ${type} ${name}`;
const isOf = <W extends DnsStep['what']>(
  step: DnsStep | { what: string },
  what: W,
): step is Extract<DnsStep, { what: W }> => step.what === what;

/** What a run gave a record, with all that it was about to give it. */
interface Given {
  record: SwitchedRecord;
  values: RecordValue[];
}

function givenIn(steps: Recorded): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const step of steps) {
    if (isOf(step, 'dns-switching'))
      for (const record of step.records) {
        const { values = [] } = found.get(keyOf(record)) ?? {};
        found.set(keyOf(record), { record, values: [...values, record.to] });
      }
    if (isOf(step, 'dns-back')) for (const one of step.records) found.delete(keyOf(one));
  }
  return found;
}

/** Whether what a record says is of this run. */
const isOurs = (given: Given | undefined, now: RecordValue | undefined): boolean =>
  given?.values.some(one => sameValue(one, now)) ?? false;

/** Records that a run has switched, or was about to, and that no later step has put back; as last written. */
export const switchedIn = (steps: Recorded): SwitchedRecord[] =>
  [...givenIn(steps).values()].map(({ record }) => record);

/**
 * Has the records of a run say where its machines are by now. What each said before is written down first, so
 * that it outlives whoever dies: of one that says already what this run gave it, it is what was written down
 * then. Safe to repeat. Nobody waits until all servers of Route 53 have it.
 *
 * @param addressOf where a machine is now
 * @throws Failure `dns-no-address`
 */
export async function switchRecords(
  planned: readonly PlannedRecord[],
  addressOf: (record: PlannedRecord & { vm: string }) => Promise<string | undefined>,
  { steps, dns, note, step, signal }: On,
): Promise<void> {
  if (planned.length === 0) return;
  const before = givenIn(steps);
  const records: SwitchedRecord[] = [];
  const says = new Map<SwitchedRecord, RecordValue>();
  for (const record of planned) {
    const { zone, name, type, vm } = record;
    const to: RecordValue = { ttl: record.ttl, values: [await wantedValue(record, addressOf)] };
    const now = await valueNow(dns, record, signal);
    const known = before.get(keyOf(record));
    const old = isOurs(known, now) ? known!.record.old : now;
    const switched = { zone, name, type, ...(vm !== undefined && { vm }), ...(old && { old }), to };
    records.push(switched);
    if (now) says.set(switched, now);
  }
  await step('dns-switching');
  await note({ what: 'dns-switching', records });
  for (const zone of new Set(records.map(one => one.zone))) {
    await step(`dns-${zone}`);
    await dns.upsert(
      zone,
      records
        .filter(one => one.zone === zone)
        .map(one => ({ ...one, ...(says.has(one) && { was: says.get(one)! }) })),
      signal,
    );
  }
  await step('dns-switched');
  await note({ what: 'dns-switched', names: records.map(({ name }) => name) });
}

/**
 * Has records that a run has switched say again what they said before, where they still say what the run gave
 * them; what somebody else has changed since is left alone. Safe to repeat.
 *
 * @param which of those that aren't put back yet
 */
export async function putBack(
  which: (record: SwitchedRecord) => boolean,
  { steps, dns, note, step, signal }: On,
): Promise<PutBack[]> {
  const all = [...givenIn(steps).values()].filter(({ record }) => which(record));
  if (all.length === 0) return [];
  const records: PutBack[] = [];
  for (const given of all) {
    const { zone, name, type, old } = given.record;
    const of = { zone, name, type };
    let now = await valueNow(dns, of, signal);
    if (!sameValue(now, old) && isOurs(given, now)) {
      await step(`dns-back-${name}`);
      // What it says goes back exactly as Route 53 gave it, which it compares.
      const isBack = await dns.replace(of, now!, old, signal);
      now = isBack ? old : await valueNow(dns, of, signal);
    }
    records.push({ ...of, outcome: sameValue(now, old) ? 'back' : 'other', ...(now && { now }) });
  }
  await step('dns-back');
  await note({ what: 'dns-back', records });
  return records;
}

async function valueNow(dns: DnsCloud, { zone, name, type }: RecordName, signal?: AbortSignal) {
  return (await dns.records(zone, name, signal)).find(one => one.type === type)?.value;
}

async function wantedValue(
  record: PlannedRecord,
  addressOf: (record: PlannedRecord & { vm: string }) => Promise<string | undefined>,
): Promise<string> {
  const { vm, literal, name, type, address = 'private' } = record;
  if (vm === undefined) return literal!;
  const found = await addressOf({ ...record, vm });
  if (found !== undefined) return found;
  const what = type === 'AAAA' ? 'IPv6 address' : `${address} address`;
  throw new Failure(
    world('dns-no-address', `${name} is to lead to ${vm}, which has no ${what} in EC2`, {
      hint: 'give it one in EC2, and run again to go on: it runs, and no record was switched',
    }),
  );
}
