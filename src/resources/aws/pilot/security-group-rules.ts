import { type Static, Type } from 'typebox';
import { canonicalNetwork } from '../../../io/ip-address.ts';
import type { CloudGroup, GroupRule } from '../../../recovery/model/groups.ts';

const peers = (description: string) =>
  Type.Array(
    Type.String({
      pattern:
        '^(self|sg-[0-9a-f]+|pl-[0-9a-f]+|\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}|[0-9a-fA-F:]*:[0-9a-fA-F:]*/\\d{1,3}|[\\w .-]+)$',
    }),
    { minItems: 1, 'x-unordered': true, description },
  );
const protocol = Type.Union(
  [Type.Literal('tcp'), Type.Literal('udp'), Type.Literal('icmp'), Type.Literal('all')],
  {
    description: '`all` has no ports.',
  },
);
const ports = Type.Optional(
  Type.String({
    pattern: '^\\d{1,5}(-\\d{1,5})?$',
    description: 'One, or from-to: `443`, `49152-65535`; all when left out.',
  }),
);
const who = 'Networks, groups of the VPC by name or id, prefix lists, or `self`.';

export const ingressSchema = Type.Object(
  { protocol, ports, from: peers(who) },
  { additionalProperties: false },
);
export const egressSchema = Type.Object({ protocol, ports, to: peers(who) }, { additionalProperties: false });
export type Ingress = Static<typeof ingressSchema>;
export type Egress = Static<typeof egressSchema>;

/** A rule as one line, `tcp 443 from 10.0.0.0/8`: what plans show and what is compared. */
export const linesOf = (rules: readonly (Ingress | Egress)[]): string[] =>
  [
    ...new Set(
      rules.flatMap(rule => {
        const way = 'from' in rule ? 'from' : 'to';
        return ('from' in rule ? rule.from : rule.to).map(
          peer => `${rule.protocol} ${portsOf(rule.protocol, rule.ports)}${way} ${peerOf(peer)}`,
        );
      }),
    ),
  ].sort();

const portsOf = (kind: string, text: string | undefined): string => {
  if (kind === 'all' || kind === 'icmp') return '';
  const [from, to] = portRange(text);
  return from === to ? `${from} ` : `${from}-${to} `;
};

/** First and last of `443`, `049152-65535` or nothing, which is all. */
export function portRange(text = '0-65535'): [from: number, to: number] {
  const [from = 0, to = from] = text.split('-').map(Number);
  return [from, to];
}

/** A network as EC2 tells it; a group, a list or `self` as it is. */
const peerOf = (peer: string): string => canonicalNetwork(peer) ?? peer;

/** What is written as a network and isn't one: no group can be called so. */
export const isBadNetwork = (peer: string): boolean =>
  peer.includes('/') && canonicalNetwork(peer) === undefined;

/** What EC2 calls everything. */
const all = '-1';

/** A line as EC2 has it. @param idOf the id of a group by its name; undefined when there is none */
export function ruleOf(
  line: string,
  self: string,
  idOf: (name: string) => string | undefined,
): GroupRule | undefined {
  const [, protocol = '', range, way, peer = ''] =
    /^(\w+) (?:(\d+(?:-\d+)?) )?(from|to) (.+)$/.exec(line) ?? [];
  const isPlain = /[./:]/.test(peer) && /\/\d+$/.test(peer);
  const id = peer === 'self' ? self : isPlain || /^(sg|pl)-[0-9a-f]+$/.test(peer) ? peer : idOf(peer);
  if (id === undefined) return undefined;
  const [from, to] = (range ?? '').split('-').map(Number);
  return {
    egress: way === 'to',
    protocol: protocol === 'all' ? all : protocol,
    ...(range !== undefined && { from: from!, to: to ?? from! }),
    ...(protocol === 'icmp' && { from: -1, to: -1 }),
    peer: id,
  };
}

/** A rule of EC2 as a line, in the words of a declaration: a group is called as it is there. */
export function lineOf(
  { protocol, from, to, peer, egress }: GroupRule,
  { id, vpc }: CloudGroup,
  groups: readonly CloudGroup[],
  words: ReadonlySet<string>,
): string {
  const known = groups.find(one => one.id === peer && one.vpc === vpc);
  const called = peer === id ? 'self' : !words.has(peer) && known ? known.name : peer;
  const range = from === undefined || from < 0 ? '' : `${from === to ? from : `${from}-${to}`} `;
  return `${protocol === all ? 'all' : protocol} ${range}${egress ? 'to' : 'from'} ${called}`;
}
