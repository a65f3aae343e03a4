import type { Failover } from '../../../app/recovery/failover.ts';
import type { KnownReadiness, PlannedMachine } from '../../../app/recovery/failover-plan.ts';
import type { PlanCleaned } from '../../../app/recovery/failover-status.ts';
import { duration, plural } from '../../../io/units.ts';
import { elsewhereWords } from '../../../recovery/evidence/step-words.ts';
import { assumedRate, type Cold } from '../../../recovery/replica/estimate.ts';
import type { Landing } from '../../../recovery/run/run.ts';
import { originLines } from './from-repository.ts';

type Recovered = NonNullable<Failover['recovered']>;

/** What is about to be done. */
export function planLines({ plan: shown, from, again }: Pick<Failover, 'plan' | 'from' | 'again'>): string[] {
  const { plan, network, teardown, prober, digest } = shown;
  const { after, role } = teardown!;
  return [
    ...originLines(from),
    `test of ${plan} in ${network!.subnet} of ${network!.vpc}, group ${network!.group}: nothing leads out of it`,
    ...(network!.else_subnets
      ? [`  if it has no room: in ${network!.else_subnets.join(', ')}, which nothing leads out of either`]
      : []),
    role === undefined
      ? `  to be over after ${duration(after)}; nobody ends it then but \`failover cleanup\``
      : `  ended after ${duration(after)} by EventBridge Scheduler as ${role}`,
    ...(prober ? [`  a prober in it: ${prober.type} of ${prober.image}, ended after its probes`] : []),
    ...plannedGroups(shown, again),
    `digest ${digest.slice(0, 16)}`,
  ];
}

/** The machines of a plan, with all that is known of each. `again`: how a command names the same plan. */
export function plannedGroups({ plan, groups }: Failover['plan'], again: string): string[] {
  const look = `run \`converge readiness --plan ${plan} ${again}\``;
  return groups.flatMap(({ wait, machines }, n) => [
    `  group ${n + 1}${wait > 0 ? `, after ${duration(wait)}` : ''}`,
    ...machines.flatMap(one => plannedLines(one, look)),
  ]);
}

function plannedLines(machine: PlannedMachine, look: string): string[] {
  const { vm, point, time, disks, type, address, why, shell, image_name } = machine;
  const { probes, post_launch, cold, landing, ready } = machine;
  return [
    `    ${vm}  ${type}  ${plural(disks, 'disk')} of ${new Date(time).toISOString()} (${point.slice(0, 8)})`,
    ...(why === undefined ? [] : [`      ${type} is ${why}`]),
    ...(address ? [`      ${addressLine(address, landing !== undefined)}`] : []),
    ...(landing ? landingLines(landing) : []),
    ...(shell ? [`      ${shellLine(shell, image_name)}`] : []),
    ...importLines(machine),
    `      ${priceLine(machine)}`,
    ...(cold ? coldLines(cold) : []),
    ...(ready ? readyLines(ready, look) : []),
    ...probes.map(one => `      ${one}`),
    ...(post_launch ? [`      ${postLaunchLine(post_launch)}`] : []),
  ];
}

/** Before a launch what isn't known is a warning; what is known to go wrong was allowed. */
function readyLines({ verdict, looked, findings }: KnownReadiness, look: string): string[] {
  const bad = findings.filter(one => one.verdict === 'not ready');
  const open = findings.filter(one => one.verdict === 'unknown').map(({ what }) => what);
  return [
    ...bad.map(({ what, why }) => `      NOT READY, and allowed: ${what}: ${why}`),
    ...(looked ? [] : [`      warning: readiness not looked at: ${look}`]),
    ...(looked && verdict !== 'ready' && open.length > 0
      ? [`      warning: not known to run (${open.join(', ')}): ${look}`]
      : []),
  ];
}

const postLaunchLine = ({ manifests, digest, noop }: NonNullable<PlannedMachine['post_launch']>): string =>
  `post-launch manifests ${manifests} (${digest.slice(0, 16)}): ${noop ? 'planned alone, ' : ''}by the machine itself`;

const landingLines = ({ subnets, quarantine, groups, profile }: Landing): string[] => [
  `      launched into ${quarantine} in ${subnets.join(', else ')}`,
  `      then the security groups ${groups.join(', ')}${profile === undefined ? '' : `, and the instance profile ${profile}`}`,
];

const addressLine = ({ ip, subnet }: NonNullable<PlannedMachine['address']>, isReal: boolean): string =>
  subnet === undefined
    ? `another address than its ${ip}, which is in no subnet of ${isReal ? 'its target' : 'the test'}`
    : `${ip} in ${subnet}, any other address elsewhere`;

/** Which way it goes, where it isn't run as it is or that was chosen. */
function importLines({ imported, import_why: why, import_takes: takes }: PlannedMachine): string[] {
  const because = why === undefined ? '' : `: ${why}`;
  if (!imported) return why === undefined ? [] : [`      fast${because}`];
  const { by, license, images } = imported;
  const of = by === 'raw' ? `raw images of its disks in ${images}` : 'the snapshots of its replica';
  const lines = [
    `      ${by}: VM Import makes an image of ${of}${because}`,
    ...(license ? [`      Windows licensed by ${licensor[license]}, as the import is told`] : []),
  ];
  if (!takes) return lines;
  const [least, most] = takes.import_seconds.map(seconds => duration(seconds * 1000));
  const upload =
    by === 'raw'
      ? `about ${duration(takes.upload_seconds * 1000)} until they are in S3 at ${assumedRate / 1e6} MB/s, then `
      : '';
  const cost = by === 'raw' ? `; $${takes.requests.toFixed(2)} of requests` : '';
  return [...lines, `      ${upload}${least} to ${most} for the import, as others tell of it${cost}`];
}

const licensor: Record<string, string> = { aws: 'AWS, billed by the hour', byol: 'you' };

/** Its disk is exchanged for the recovered one, so that its edition and language come to nothing. */
const shellLine = (
  { image, license }: NonNullable<PlannedMachine['shell']>,
  name: string | undefined,
): string =>
  `Windows licensed by ${licensor[license]}, from ${image}${name === undefined ? '' : ` (${name})`}; only licence and firmware are taken of it`;

/** Source: Amazon EC2 pricing, "Dedicated Instances" and "Dedicated Hosts". */
const elsewhereBilled = {
  dedicated:
    'on a dedicated instance, dearer than a shared one; AWS bills a fee as well for each hour in which any runs in the region',
  host: 'on a dedicated host, which AWS bills as a whole for as long as it is allocated',
};

const priceLine = ({ type, tenancy, hourly }: PlannedMachine): string => {
  if (tenancy) return `${elsewhereBilled[tenancy]}; what that comes to is not known to this version`;
  return hourly === undefined
    ? `the price of an hour of ${type} is not known to this version`
    : `$${hourly.toFixed(3)} an hour while it runs, as on demand in us-east-1`;
};

const coldLines = ({ blocks, seconds, writing, keeping }: Cold): string[] => [
  `      not warm: ${plural(blocks, 'block')} of 512 KiB to write first, about ${duration(seconds * 1000)} at ${assumedRate / 1e6} MB/s`,
  `      $${writing.toFixed(2)} to write, $${keeping.toFixed(2)} a month to keep`,
];

/** What each machine did. */
export const machineLines = (recovered: Recovered): string[] =>
  recovered.flatMap(({ vm, instance, results, running, probed, kept, ...where }) => [
    kept
      ? `${vm}  ${instance}${elsewhereWords(where)}  had passed and still runs`
      : `${vm}  ${instance}${elsewhereWords(where)}  runs after ${duration(running)}, probed after ${duration(probed)}`,
    ...results.map(({ probe, from, outcome, saw }) => `  ${outcome}  ${probe} (from ${from}): ${saw}`),
  ]);

/**
 * What it came to, and what can be done next.
 *
 * @param by how the next command names the same plan
 * @param whole all machines were launched in the time that it took
 */
export function endLine(plan: string, took: number, recovered: Recovered, by: string, whole = true): string {
  const failed = recovered.filter(one => !passedAll(one)).map(({ vm }) => vm);
  const remove = `remove it: converge failover cleanup ${plan} ${by}`;
  if (failed.length === 0) return `${whole ? `recovered in ${duration(took)}` : triedWords(took)}; ${remove}`;
  const again = `try again: converge failover retry ${plan} ${by}`;
  return `the test FAILED after ${duration(took)}: ${failed.join(', ')} did not pass; ${again}; ${remove}`;
}

/** The time of a try that left machines alone, which is none of recovery. */
const triedWords = (took: number): string => `all have passed; this try took ${duration(took)}`;

/** The same of machines that have taken over. */
export function takenOverLine(
  plan: string,
  took: number,
  { recovered, missing }: { recovered: Recovered; missing: readonly string[] },
  by: string,
  whole = true,
): string {
  const failed = recovered.filter(one => !passedAll(one)).map(({ vm }) => vm);
  const end = `end it: converge failover undo ${plan} ${by}`;
  const again = `try again: converge failover retry ${plan} ${by}`;
  if (missing.length > 0) {
    const unlike = missing.length > 1 ? 'were not launched' : 'was not launched';
    const why = failed.length > 0 ? `${failed.join(', ')} did not pass, and ` : '';
    return `NOT taken over, after ${duration(took)}: ${why}${missing.join(', ')} ${unlike}; ${again}; ${end}`;
  }
  const ends = `keep it: converge failover commit ${plan} ${by}; ${end}`;
  if (failed.length === 0) return `${whole ? `taken over in ${duration(took)}` : triedWords(took)}; ${ends}`;
  return `taken over in ${duration(took)}, but ${failed.join(', ')} did not pass; ${again}; ${ends}`;
}

const passedAll = ({ results }: Recovered[number]): boolean =>
  results.every(({ outcome }) => outcome === 'passed');

export const hasPassed = (recovered: Recovered | undefined): boolean =>
  !recovered || recovered.every(passedAll);

/** `named`: of the plan alone that was named, whose name then goes without saying. */
export function cleanedLines(done: PlanCleaned, named: boolean): string[] {
  const of = named ? '' : `${done.plan}: `;
  if ('diagnostics' in done) return [`${of}not cleaned up`];
  if ('skipped' in done) return [`${of}nothing to do: ${done.skipped}`];
  const { instances, images, groups, schedules, foreign } = done.cleaned;
  const gone = [
    `${plural(instances, 'instance')} terminated`,
    `${plural(images, 'image')} deregistered`,
    `${plural(groups, 'security group')} deleted`,
    `${plural(schedules, 'tear-down entry', 'tear-down entries')} removed`,
  ];
  return [
    `${of}${gone.join(', ')}; 0 instances, 0 volumes, 0 images, 0 security groups and 0 entries are left`,
    ...foreign.map(id => `left alone, no record says that it is the test's: ${id}`),
  ];
}
