import { bootDiskKey, guestFamily, type MachineRecord } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/point.ts';
import { obstacles } from '../failover/prepare.ts';
import { MOST_IMPORTED } from '../import/imported.ts';
import { bootModeOf, wordsOf } from '../target/sizing.ts';
import type { DiskFacts } from './disk-facts.ts';
import type { Facts, Finding, Readiness, Verdict } from './facts.ts';
import { firmwareFindings } from './judge-firmware.ts';
import { guestFindings } from './judge-guest.ts';
import { nvmeFinding } from './judge-nvme.ts';
import type { Judged } from './judged.ts';

/** Judges what is known of a target. Nothing is asked and nothing is read. */
export function judge(facts: Facts): Readiness {
  const { address, point, noPoint, now } = facts;
  const judged: Judged[] = point
    ? ofPoint(facts, point)
    : [
        {
          what: 'recovery point',
          verdict: 'not ready',
          why: noPoint?.why ?? 'there is none',
          source: 'machine',
          ...(noPoint && { wayOut: noPoint.wayOut }),
        },
      ];
  const asked: Judged[] = facts.cloud.map(({ what, holds, why, wayOut }) => ({
    what,
    verdict: holds === undefined ? 'unknown' : holds ? 'ready' : 'not ready',
    why,
    source: 'EC2',
    ...(wayOut !== undefined && { wayOut }),
  }));
  const found = [...judged, ...asked];
  const all = facts.method === undefined || facts.method === 'fast' ? found : found.map(putIn);
  const guest = point && bootFacts(facts, point)?.guest;
  const guestAt = guest && 'at' in guest ? guest.at : undefined;
  const ageOf = ({ source }: Judged): number | undefined => {
    const at = source === 'guest' ? guestAt : source === 'EC2' ? undefined : point?.time;
    return at === undefined ? undefined : Math.max(0, now - at);
  };
  const findings = all.map((one): Finding => {
    const { wayOut, blocks: _, ...rest } = one;
    const age = ageOf(one);
    return {
      address,
      ...rest,
      ...(age !== undefined && { age }),
      ...(wayOut !== undefined && { way_out: wayOut }),
    };
  });
  return { address, verdict: worst(all), method: methodOf(found, point), findings };
}

/** What an import is to put in is seen when it was made, not before. */
const putIn = (one: Judged): Judged =>
  one.verdict === 'not ready' && one.blocks === 'fast'
    ? { ...one, verdict: 'unknown', why: `${one.why}; an import is to put it in` }
    : one;

const worst = (all: readonly Pick<Judged, 'verdict'>[]): Verdict =>
  all.some(({ verdict }) => verdict === 'not ready')
    ? 'not ready'
    : all.some(({ verdict }) => verdict === 'unknown')
      ? 'unknown'
      : 'ready';

function bootFacts({ disks }: Facts, { machine, disks: all }: Point): DiskFacts | undefined {
  const boot = machine && all.find(({ key }) => key === bootDiskKey(machine));
  const found = boot && disks[boot.index];
  return found && 'table' in found ? found : undefined;
}

function ofPoint(known: Facts, point: Point): Judged[] {
  const { license, disks, method } = known;
  const { machine } = point;
  const against = obstacles(point, {
    ...(license !== undefined && { license }),
    ...((method === 'convert' || method === 'raw') && { method }),
  }).map(
    ({ message, hint }): Judged => ({
      what: 'machine',
      verdict: 'not ready',
      why: message,
      source: 'machine',
      blocks: 'all',
      ...(hint !== undefined && { wayOut: hint }),
    }),
  );
  if (!machine) return against;
  const found: Judged[] = [...against, ...doubtful(known.doubt), ...recordFindings(machine, point)];
  for (const { index } of point.disks) {
    const disk = disks[index];
    if (disk && 'table' in disk) found.push(...encryptionFindings(index, disk));
    else found.push(unread(index, disk?.unread));
  }
  const facts = bootFacts(known, point);
  const boot = point.disks.find(({ key }) => key === bootDiskKey(machine));
  if (facts && boot) {
    found.push(...firmwareFindings(machine, boot.index, facts));
    if (guestFamily(machine) === 'linux') found.push(nvmeFinding(facts));
  }
  return [...found, ...guestFindings(machine, facts ?? {}, point.time)];
}

const doubtful = (why: string | undefined): Judged[] =>
  why === undefined
    ? []
    : [
        {
          what: 'recovery point',
          verdict: 'unknown',
          why: `it may not be the newest: ${why}`,
          source: 'machine',
          wayOut: 'look with `converge verify`',
        },
      ];

const unread = (index: number, why = 'it was not looked at'): Judged => ({
  what: `disk ${index}`,
  verdict: 'unknown',
  why,
  source: 'disk',
  wayOut: 'look with `converge verify`',
});

function recordFindings(machine: MachineRecord, { disks, left_out }: Point): Judged[] {
  const boot = disks.find(({ key }) => key === bootDiskKey(machine));
  const found: Judged[] = [];
  const named = machine.boot_order.find(entry => entry.startsWith('disk:')) !== undefined;
  if (boot)
    found.push({
      what: 'boot disk',
      verdict: 'ready',
      why: `disk ${boot.index} (${boot.label}), ${named ? 'the first disk of its boot order' : 'its first disk: no boot order names one'}`,
      source: 'machine',
    });
  if (machine.vtpm)
    found.push({
      what: 'virtual TPM',
      verdict: 'not ready',
      why: 'what its virtual TPM held is not in the point: keys that were sealed to it are gone',
      source: 'machine',
      blocks: 'all',
      wayOut: 'take the TPM out of the VM once nothing is sealed to it',
    });
  if (machine.encrypted)
    found.push({
      what: 'encryption',
      verdict: 'not ready',
      why: 'vSphere encrypts its files, and the point holds plain bytes: EC2 would have them unencrypted',
      source: 'machine',
      blocks: 'all',
      wayOut: 'decrypt the VM in vSphere, and let EBS encrypt by default',
    });
  if (disks.length > MOST_IMPORTED)
    found.push({
      what: 'disks',
      verdict: 'not ready',
      why: `it has ${disks.length} disks; VM Import takes ${MOST_IMPORTED}`,
      source: 'machine',
      blocks: 'convert',
      wayOut: 'leave disks out that it can be recovered without',
    });
  for (const { label, why } of left_out)
    found.push({
      what: 'disks',
      verdict: 'unknown',
      why: `${label} is in no point: ${why}`,
      source: 'machine',
      wayOut: 'see that the machine starts without it, or protect it',
    });
  return found;
}

function encryptionFindings(index: number, { parts }: DiskFacts): Judged[] {
  return parts.flatMap(({ number, content }): Judged[] => {
    const where = number === 0 ? `disk ${index}` : `partition ${number} of disk ${index}`;
    if (content === 'bitlocker')
      return [
        {
          what: 'encryption',
          verdict: 'not ready',
          why: `${where} is encrypted by BitLocker`,
          source: 'disk',
          blocks: 'all',
          wayOut: 'decrypt it in the guest: `manage-bde -off`',
        },
      ];
    if (content !== 'luks') return [];
    return [
      {
        what: 'encryption',
        verdict: 'unknown',
        why: `${where} is encrypted by LUKS: whether it opens without somebody at its console isn't in the bytes`,
        source: 'disk',
        wayOut: 'have it opened over the network, or rehearse and type at the serial console',
      },
    ];
  });
}

/** `auto`, as far as facts tell: what takes no conversion is the quickest. */
function methodOf(all: readonly Judged[], point: Point | undefined): Readiness['method'] {
  const { machine } = point ?? {};
  if (!point || !machine) return { name: 'unknown', why: 'nothing is known of the machine' };
  const bad = all.filter(({ verdict, blocks }) => verdict === 'not ready' && blocks !== undefined);
  const [stopsAll] = bad.filter(({ blocks }) => blocks === 'all');
  if (stopsAll) return { name: 'none', why: `no way into EC2: ${stopsAll.what}` };
  const [stopsFast] = bad.filter(({ blocks }) => blocks === 'fast');
  const [stopsConvert] = bad.filter(({ blocks }) => blocks === 'convert');
  if (!stopsFast)
    return {
      name: 'fast',
      why: `its disks are run as they are, with ${wordsOf(bootModeOf(machine))}: nothing that is known speaks against it`,
    };
  if (stopsConvert)
    return { name: 'none', why: `${stopsFast.what}, and an import is refused: ${stopsConvert.what}` };
  return {
    name: 'convert',
    why: `${stopsFast.what}: an import puts drivers in (\`method: convert\`, or \`auto\`); prepare the machine for \`fast\``,
  };
}
