import { blocked, type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import {
  type DnsCloud,
  type DnsProperties,
  type FoundRecord,
  type PlannedRecord,
  plainName,
  type RecordValue,
} from '../../../recovery/model/dns.ts';
import type { NetworkFacts } from '../../../recovery/model/machines.ts';
import type { Landing } from '../../../recovery/run/run.ts';
import { planProperties } from '../failover-plan.ts';

/** Seconds of a record that doesn't say: somebody waits for it. */
const usualTtl = 60;

/** One that is to be switched, and what it says just now. */
export type SeenRecord = PlannedRecord & { was?: RecordValue };

/** Where its machines are put, and which subnets give what. */
export interface Giving {
  given: NetworkFacts['given'];
  /** By the title of the target. */
  landings: ReadonlyMap<string, Landing>;
}

/**
 * The records that a plan switches, as Route 53 has them now.
 *
 * @throws Failure `dns-zone-not-found`, `dns-zone-ambiguous`, `dns-record-taken`, with all that is wrong
 */
export async function recordsOf(
  { cloud: { dns } }: { cloud: { dns: DnsCloud } },
  declared: CatalogResource,
  { given, landings }: Giving,
  signal: AbortSignal,
): Promise<SeenRecord[]> {
  const { dns: wanted = [], groups } = planProperties(declared);
  const machines = groups.flatMap(({ targets }) => targets);
  const zones = new Map<string, Promise<{ id: string; name: string }>>();
  const zoneOf = (zone: string) => {
    const found = zones.get(zone) ?? dns.zone(zone, signal);
    zones.set(zone, found);
    return found;
  };
  const against: Diagnostic[] = [];
  const seen: SeenRecord[] = [];
  for (const { zone, name: written, type, to, address, ttl = usualTtl } of wanted)
    try {
      const name = plainName(written);
      const { id, name: inZone } = await zoneOf(zone);
      const found = await dns.records(id, name, signal);
      const why = obstacle(name, type, inZone, found);
      if (why !== undefined) throw taken(declared, name, type, why);
      const vm = machines.find(one => one.toLowerCase() === to.toLowerCase());
      const landing = vm === undefined ? undefined : landings.get(vm);
      const lacks = landing && lackOf({ type, ...(address && { address }) }, landing, given);
      if (lacks !== undefined) throw taken(declared, name, type, `${vm} has no ${lacks}`, ownAddress);
      const was = found.find(one => one.type === type)?.value;
      seen.push({
        zone: id,
        name,
        type,
        ttl,
        ...(vm === undefined ? { literal: to } : { vm }),
        ...(vm !== undefined && type === 'A' && { address: address ?? 'private' }),
        ...(was && { was }),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const anew = error.diagnostics.filter(({ message }) => !against.some(one => one.message === message));
      against.push(...anew.map(one => ({ ...one, at: one.at ?? declared.at })));
    }
  if (against.length > 0) throw new Failure(against);
  return seen;
}

/** Why a record can't be switched; undefined when it can. */
function obstacle(
  name: string,
  type: string,
  zone: string,
  found: readonly FoundRecord[],
): string | undefined {
  if (name !== zone && !name.endsWith(`.${zone}`)) return `it isn't in the zone ${zone}`;
  const fixed = found.find(one => one.type === type)?.fixed;
  if (fixed !== undefined) return fixed;
  const other = found.find(one => one.type !== type && (one.type === 'CNAME' || type === 'CNAME'));
  if (other) return `the name has a record of the type ${other.type}, beside which there is no ${type}`;
  return undefined;
}

/** What a machine would lack that a record is to say, wherever it is launched; undefined when it doesn't. */
function lackOf(
  { type, address = 'private' }: Pick<DnsProperties, 'type' | 'address'>,
  { subnets }: Landing,
  given: NetworkFacts['given'],
): string | undefined {
  const kind = type === 'AAAA' ? 'ipv6' : address === 'public' ? 'public' : undefined;
  if (kind === undefined) return undefined;
  const without = subnets.filter(subnet => !given[kind].includes(subnet));
  if (without.length === 0) return undefined;
  return `${kind === 'ipv6' ? 'IPv6' : 'public'} address: ${without.join(', ')} gives none`;
}

const asItIs = 'declare the record as it is in Route 53, or switch this one by hand';
const ownAddress =
  'have the subnet give its machines one, or write an address in the place of the machine: `to: ADDRESS`';

const taken = ({ at }: CatalogResource, name: string, type: string, why: string, hint = asItIs): Failure =>
  new Failure(
    blocked('dns-record-taken', own`the ${type} record of ${name} can't be switched: ${why}`, {
      at,
      hint,
    }),
  );
