import { Type } from 'typebox';
import { mistake } from '../../engine/model/mistakes.ts';
import type { Mistake } from '../../engine/model/resource-type.ts';
import { addressFamily } from '../../io/ip-address.ts';
import { isZoneId, plainName, RECORD_TYPES, type RecordType } from '../../recovery/model/dns.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';

/** `dns` of a `recovery_plan`. */
export const dnsSchema = Type.Array(
  Type.Object(
    {
      zone: Type.String({
        pattern: '^[A-Za-z0-9._-]+$',
        description:
          "Hosted zone of Route 53 in the account of the plan's target: its name, or its id where several have that name.",
      }),
      name: Type.String({
        pattern: '^(\\*\\.)?[A-Za-z0-9._-]+$',
        maxLength: 255,
        description: 'Whole name of the record: `web.example.com`.',
      }),
      type: Type.Union(RECORD_TYPES.map(type => Type.Literal(type))),
      to: Type.String({
        minLength: 1,
        maxLength: 255,
        description:
          'A machine of the plan, by the title of its `recovery_target`, for its address in EC2; or what the record is to say.',
      }),
      address: Type.Optional(
        Type.Union([Type.Literal('private'), Type.Literal('public')], {
          description: 'Which address of the machine; `private` when left out.',
        }),
      ),
      ttl: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 604_800, description: 'In seconds; 60 when left out.' }),
      ),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: 100,
    description:
      'Records of DNS that a failover, never a test, switches when every probe has passed. What they said before is kept: `failover undo` and a failback put it back.',
  },
);

const fits: Record<RecordType, { is(to: string): boolean; what: string }> = {
  A: { is: to => addressFamily(to) === 4, what: 'an IPv4 address' },
  // One with a zone (`fe80::1%eth0`) means something on one machine alone.
  AAAA: { is: to => addressFamily(to) === 6 && !to.includes('%'), what: 'an IPv6 address' },
  CNAME: {
    is: to => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?$/.test(to) && addressFamily(to) === undefined,
    what: 'a name',
  },
};

/** Records that can't be switched so, are outside of their zone, or are there twice. */
export function wrongDns({ groups, dns = [] }: Pick<PlanProperties, 'groups' | 'dns'>): Mistake[] {
  const known = groups.flatMap(({ targets }) => targets.map(vm => vm.toLowerCase()));
  const seen = new Set<string>();
  return dns.flatMap(({ zone, name, type, to, address }, n) => {
    const wrong: Mistake[] = [];
    const add = (part: string, message: string, hint: string) =>
      wrong.push(mistake(`/dns/${n}${part}`, 'dns-record', message, hint));
    const whole = plainName(name);
    const inZone = plainName(zone);
    if (!isZoneId(zone) && whole !== inZone && !whole.endsWith(`.${inZone}`))
      add('/name', `${name} isn't in the zone ${zone}`, 'write the whole name, or another zone');
    if (type === 'CNAME' && whole === inZone)
      add('/type', `${name} is the zone itself, which can't have a CNAME`, 'write A or AAAA');
    const key = `${inZone} ${type} ${whole}`;
    if (seen.has(key)) add('', `the ${type} record of ${name} is there already`, 'write each record once');
    seen.add(key);
    const isMachine = known.includes(to.toLowerCase());
    const { is, what } = fits[type];
    if (isMachine && type === 'CNAME')
      add('/to', `a machine has an address, and ${to} no name in EC2`, 'write A, or the name that is meant');
    if (!isMachine && !is(to))
      add('/to', `${to} is neither a machine of the plan nor ${what}`, `name one of its groups, or ${what}`);
    if (address !== undefined && (!isMachine || type !== 'A'))
      add('/address', '`address` goes with an A record of a machine alone', 'leave it out');
    return wrong;
  });
}
