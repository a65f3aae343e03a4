import { type Finding, leftOut, ok, problem, type Subject, warn } from './finding.ts';

/** What the VDDK knows (Virtual Disk Development Kit Programming Guide, "Virtual disk transport methods"). */
const known = ['file', 'san', 'hotadd', 'nbdssl', 'nbd'];

/** Who made this machine, as its firmware says; undefined: it can't be told. */
export type Maker = string | undefined;

/** Why a transport can't be taken on this machine, as a clause; undefined: nothing is known against it. */
function obstacleTo(transport: string, maker: Maker): string | undefined {
  if (!known.includes(transport)) return 'the VDDK does not know it';
  if (maker === undefined) return undefined;
  const isVm = /vmware/i.test(maker);
  if (transport === 'hotadd' && !isVm)
    return `it hangs disks into the VM that converge runs in, and this machine is none of VMware's but of ${maker}`;
  if (transport === 'san' && isVm) return 'a VM has no way of its own to the LUNs of a datastore';
  return undefined;
}

/**
 * What is worth saying about the transports that a target wants of the VDDK, in order of preference. Pure.
 *
 * @param written `hotadd:nbdssl`
 */
export function judgeTransports(about: Subject, written: string, maker: Maker): Finding {
  const wanted = written.split(':');
  const against = wanted.flatMap(name => {
    const why = obstacleTo(name, maker);
    return why === undefined ? [] : [{ name, why }];
  });
  const left = wanted.filter(name => !against.some(one => one.name === name));
  const why = against.map(one => `${one.name}: ${one.why}`).join('; ');
  const others = ['nbdssl', ...(maker && /vmware/i.test(maker) ? ['hotadd'] : [])].join(' or ');
  if (left.length === 0)
    return problem(about, `none of the transports ${written} can work here: ${why}`, `declare ${others}`);
  if (against.length > 0)
    return warn(
      about,
      `of the transports ${written} only ${left.join(':')} can work here: ${why}`,
      'leave it out',
    );
  if (left[0] === 'nbd')
    return warn(
      about,
      `${written}: nbd sends disks in plain text, which ESXi 7.0 and newer refuse unless told otherwise`,
      'declare nbdssl',
    );
  const unseen = left.flatMap(name => unseenOf[name] ?? []);
  return unseen.length === 0
    ? ok(about, written)
    : leftOut(
        about,
        `${written}: nobody looked at ${unseen.map(one => one.what).join(', nor at ')}`,
        `${unseen.map(one => one.wayOut).join('; ')}; the next cycle shows whether it works`,
      );
}

/** What a transport takes besides a machine that can have it, and no look tells. */
const unseenOf: Readonly<Record<string, { what: string; wayOut: string }>> = {
  hotadd: {
    what: 'what the user may do on the VM that this is',
    wayOut:
      'grant it Datastore.AllocateSpace and VirtualMachine.Config.AddNewDisk, RemoveDisk, Resource and Settings there',
  },
  san: {
    what: 'whether this machine reaches the LUNs of the datastores',
    wayOut: 'show the LUNs of the datastores to this machine',
  },
};
