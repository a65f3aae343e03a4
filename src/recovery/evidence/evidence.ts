import { leftCost, leftWords } from '../failover/left.ts';
import { valueWords } from '../model/dns.ts';
import {
  expiresOf,
  type Fencing,
  isWhole,
  kindOf,
  type LeftThing,
  launchedElsewhere,
  type ProbeResult,
  type Run,
  type RunStep,
  retriesOf,
} from '../run/run.ts';

/** What a run showed, for whoever has to believe it. Times are RFC 3339, spans milliseconds. */
export interface Evidence {
  version: 1;
  plan: string;
  /** A rehearsal, or machines that took over. */
  kind: 'test' | 'failover';
  number: number;
  /** Home was shut down before, so that its last points hold all that it ever wrote. */
  planned?: true;
  /** SHA-256 of the plan that was approved, as `failover` shows its beginning. */
  digest?: string;
  began: string;
  /** Whether every probe of every machine passed; undefined while it isn't over. */
  passed?: boolean;
  /** From the beginning, or the last time that it was tried again, to the end of the last probe. */
  took?: number;
  /**
   * The same as recovery time, which is one only when every probe passed, and of machines that were all
   * launched in that time.
   */
  rto?: number;
  /** How often what failed was tried again. */
  retries: number;
  /** When it was to be over; a failover that takes over isn't. */
  limit?: string;
  network: {
    account: string;
    subnets: { id: string; zone?: string; range?: string }[];
    group: string;
    vpc?: string;
    /** When nothing led out of it for the last time, and what was looked at. */
    proven?: { at: string; looked: string[] };
    /** When that was so at the end as well, its machines looked at too; or what led out by then. */
    apart?: string;
    opened?: string[];
  };
  machines: {
    vm: string;
    point: string;
    /** When the point was made, and how much was lost had home gone when the run began. */
    of: string;
    rpo: number;
    type: string;
    /** Where it isn't the first of the network. */
    subnet?: string;
    snapshots: string[];
    instance?: string;
    results: ProbeResult[];
    /** Number of its picture in the record. */
    picture?: number;
  }[];
  /** In the order in which they were; `after`: since the beginning. */
  phases: { at: string; after: number; what: RunStep['what'] | 'fenced'; vm?: string; saw?: string }[];
  /** What the last clean-up could not remove, and what that costs; undefined where nothing is known of it. */
  left?: { at: string; cost: string; things: LeftThing[] };
  /** What this run doesn't show. */
  unproven: string[];
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

type Of<W extends RunStep['what']> = Extract<RunStep, { what: W }>;

/** From the record alone, so that it says the same whenever it is asked for. */
export function evidenceOf(run: Run): Evidence {
  const { start, steps } = run;
  const limit = expiresOf(run);
  const ended = steps.findLast(({ what }) => what === 'finished') as Of<'finished'> | undefined;
  const proven = steps.findLast(({ what }) => what === 'proven') as Of<'proven'> | undefined;
  const over = steps.findLast(({ what }) => what === 'left' || what === 'cleaned');
  const left = over?.what === 'left' ? over : undefined;
  const machines = start.groups
    .flatMap(group => group.machines)
    .map(machine => {
      const probed = steps.findLast(step => step.what === 'probed' && step.vm === machine.vm) as
        | Of<'probed'>
        | undefined;
      return {
        vm: machine.vm,
        point: machine.point,
        of: timeOf(machine.time),
        // Its last point is made while it begins.
        rpo: start.planned ? 0 : start.began - machine.time,
        type: machine.instance_type,
        ...(probed && launchedElsewhere(run, probed.instance)),
        snapshots: machine.disks.flatMap(({ snapshot }) => snapshot ?? []),
        ...(probed && { instance: probed.instance }),
        results: probed?.results ?? [],
        ...(probed?.picture !== undefined && { picture: probed.picture }),
      };
    });
  return {
    version: 1,
    plan: start.plan,
    kind: kindOf(start),
    number: start.number,
    ...(start.planned && { planned: true as const }),
    ...(start.digest !== undefined && { digest: start.digest }),
    began: timeOf(start.began),
    ...(ended && {
      passed: ended.ok,
      took: ended.took,
      ...(ended.ok && isWhole(run) && { rto: ended.took }),
    }),
    retries: retriesOf(run),
    ...(limit !== undefined && { limit: timeOf(limit) }),
    network: {
      account: start.account,
      subnets: proven?.subnets ?? [start.subnet, ...(start.else_subnets ?? [])].map(id => ({ id })),
      group: start.group,
      ...(proven && { vpc: proven.vpc, proven: { at: timeOf(proven.at), looked: proven.looked } }),
      ...(ended?.apart && { apart: timeOf(ended.at) }),
      ...(ended?.opened && { opened: ended.opened }),
    },
    machines,
    phases: [
      ...(start.fencing ?? []).map(({ at, vm, did }) => ({
        at: timeOf(at),
        after: at - start.began,
        what: 'fenced' as const,
        vm,
        saw: fenced[did],
      })),
      ...steps.map(step => ({
        at: timeOf(step.at),
        after: step.at - start.began,
        what: step.what,
        ...('vm' in step && { vm: step.vm }),
        ...sawOf(step),
      })),
    ],
    ...(left && { left: { at: timeOf(left.at), cost: leftCost(left.things), things: left.things } }),
    unproven: [
      ...machines.flatMap(({ vm, results }) =>
        results.length === 0
          ? [`${vm} was not probed to the end`]
          : results
              .filter(({ outcome }) => outcome === 'not run')
              .map(({ probe, saw }) => `${vm}: ${probe} was not run: ${saw}`),
      ),
      ...start.groups
        .flatMap(group => group.machines)
        .filter(({ imported }) => imported)
        .map(({ vm }) => `that the disks of ${vm} are those of its point: VM Import altered them`),
      ...(kindOf(start) === 'test' ? ofTest(proven, ended) : ofFailover),
    ],
  };
}

/** What no rehearsal shows, and what this one doesn't. */
const ofTest = (proven: Of<'proven'> | undefined, ended: Of<'finished'> | undefined): string[] => [
  ...(proven ? [] : ['that the network is apart: the record does not say that it was looked at']),
  ...(proven?.unseen ?? []).map(
    what => `that the network has no other way out: nobody might ask for ${what}, and somebody allowed that`,
  ),
  ...(ended?.apart
    ? []
    : ['that the network was apart until the end: it was not looked at again, or was open']),
  'that users reach the machines: nothing leads into the network of a test',
  'that there is room for all of them when everybody fails over',
];

/** What was done at home before a planned failover. */
const fenced: Record<Fencing['did'], string> = {
  asked: 'its guest was asked to shut down',
  'was-off': 'it was off before',
  off: 'it was off',
  point: 'its last point was made',
  'at-rest': 'vSphere said that nothing was written since that point',
};

/** Of machines that took over. */
const ofFailover: readonly string[] = [
  'that users reach the machines: no probe came from where they are',
  'that nothing of them runs at home any more: somebody said so, or vSphere did when it began',
];

/** What came of a step, where it isn't said elsewhere. */
function sawOf(step: RunStep): { saw: string } | undefined {
  switch (step.what) {
    case 'scheduled':
      return { saw: `${step.name} ends it at ${timeOf(step.fires)}` };
    case 'refused':
      return { saw: step.why };
    case 'prober':
      return { saw: `${step.probes} probes from within` };
    case 'importing':
      return { saw: step.task };
    case 'imported':
      return { saw: `${step.image} by ${step.task}` };
    case 'import-failed':
      return { saw: step.why };
    case 'launched':
      return { saw: `${step.instance} of ${step.image}` };
    case 'probed':
      return { saw: step.results.map(({ probe, outcome }) => `${probe}: ${outcome}`).join(', ') };
    case 'dns-switching':
      return {
        saw: step.records
          .map(one => `${one.name}: ${valueWords(one.old)} -> ${valueWords(one.to)}`)
          .join('; '),
      };
    case 'dns-switched':
      return { saw: step.names.join(', ') };
    case 'dns-back':
      return {
        saw: step.records
          .map(one => `${one.name}: ${one.outcome === 'back' ? '' : 'left alone: '}${valueWords(one.now)}`)
          .join('; '),
      };
    case 'removing':
      return { saw: [...step.instances, ...step.images, ...step.groups, ...step.schedules].join(', ') };
    case 'left':
      return { saw: leftWords(step.things) };
    case 'finished':
      return {
        saw: `${step.ok ? 'every probe passed' : 'did not pass'}${step.opened ? `; the network was open: ${step.opened.join('; ')}` : ''}`,
      };
    default:
      return undefined;
  }
}
