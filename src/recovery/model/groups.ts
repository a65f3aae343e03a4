/**
 * Security groups, and the other things of a network that are known by name. All calls may reject with a
 * Failure.
 */

/** `peer`: a CIDR block or the id of a group or prefix list. Ports are those of tcp and udp. */
export interface GroupRule {
  egress: boolean;
  /** `tcp`, `udp`, `icmp`, `-1` for everything. */
  protocol: string;
  from?: number;
  to?: number;
  peer: string;
}

const same = (a: GroupRule, b: GroupRule) =>
  a.egress === b.egress &&
  a.protocol === b.protocol &&
  a.from === b.from &&
  a.to === b.to &&
  a.peer === b.peer;

/** Rules that are too many, and those that are missing. */
export const rulesBetween = (is: readonly GroupRule[], should: readonly GroupRule[]) => ({
  tooMany: is.filter(rule => !should.some(one => same(rule, one))),
  missing: should.filter(rule => !is.some(one => same(rule, one))),
});

export interface CloudGroup {
  id: string;
  name: string;
  vpc: string;
  tags: Record<string, string>;
  rules: GroupRule[];
}

export interface GroupCloud {
  /** Those of a VPC, of these ids, or with all of these tags. */
  list(
    which: { vpc: string } | { ids: readonly string[] } | { tags: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<CloudGroup[]>;
  /** Undefined when the VPC has one of that name. What EC2 allows a new group by itself is still allowed. */
  create(
    wanted: { name: string; vpc: string; description: string; tags: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  allow(group: string, rules: readonly GroupRule[], signal?: AbortSignal): Promise<void>;
  revoke(group: string, rules: readonly GroupRule[], signal?: AbortSignal): Promise<void>;
  /** False while something uses it. One that is gone already is success. */
  remove(group: string, signal?: AbortSignal): Promise<boolean>;
  /** Undefined when there is no such subnet. */
  subnet(id: string, signal?: AbortSignal): Promise<{ vpc: string; zone: string } | undefined>;
  /** Names and ids of the account's key pairs. */
  keyPairs(signal?: AbortSignal): Promise<{ id: string; name: string }[]>;
}
