import type { Clock } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { sha256 } from '../../values/digest.ts';
import { lastLines } from '../inside/last-lines.ts';
import type { MachineCloud } from '../model/machines.ts';
import {
  describeProbe,
  HERE,
  type Probe,
  type Prober,
  placeIn,
  placeOf,
  type Reached,
} from '../model/probes.ts';
import type { ProbeResult } from '../run/run.ts';

/** What a probe may ask. */
export interface Probing {
  machines: MachineCloud;
  prober: Prober;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** What a prober in the network of the machine says, for whatever is not asked of EC2. */
  inside?: Promise<ReadonlyMap<Probe, Seen>>;
}

export interface Probed {
  results: ProbeResult[];
  /** Of the console, if a probe took one: PNG or JPEG. */
  picture?: Buffer;
}

type Seen = Pick<ProbeResult, 'outcome' | 'saw'>;

const lookEvery = 5_000;
/** Bytes of an answer over HTTP that are looked at. */
const mostBody = 2 ** 20;

/**
 * Probes a machine until every probe has passed or had its time. They go on side by side; the picture is
 * taken when the others are over, so that it shows what they leave. What couldn't be asked is `not run`,
 * which is never a pass.
 */
export async function probe(
  machine: { instance: string; address?: string },
  probes: readonly Probe[],
  on: Probing,
): Promise<Probed> {
  const seen = new Map<Probe, Seen>();
  const pictures = probes.filter(({ kind }) => kind === 'picture');
  await Promise.all(
    probes
      .filter(one => !pictures.includes(one))
      .map(async one => {
        seen.set(
          one,
          on.inside && placeOf(one) === HERE
            ? ((await on.inside).get(one) ?? noAddress)
            : await untilPassed(one, on, () => look(one, machine, on)),
        );
      }),
  );
  let picture: Buffer | undefined;
  for (const one of pictures) {
    const taken = await untilPassed(one, on, async () => {
      picture = await on.machines.picture(machine.instance, on.signal);
      return judgePicture(picture);
    });
    seen.set(one, taken);
  }
  return {
    results: probes.map(one => ({
      probe: describeProbe(one),
      from: placeIn(one, on.inside !== undefined),
      ...seen.get(one)!,
    })),
    ...(picture !== undefined && { picture }),
  };
}

const untilPassed = (
  { within: atMost }: Probe,
  { clock, signal }: Probing,
  once: () => Promise<Seen>,
): Promise<Seen> =>
  retry(
    { atMost, first: lookEvery, growth: 1 },
    { clock, signal, isNotYet: ({ outcome }) => outcome !== 'passed' },
    once,
  );

async function look(
  probe: Exclude<Probe, { kind: 'picture' }> | Probe,
  { instance, address }: { instance: string; address?: string },
  { machines, prober, signal }: Probing,
): Promise<Seen> {
  switch (probe.kind) {
    case 'status': {
      const checks = await machines.checks(instance, signal);
      const well = checks.system === 'ok' && checks.instance === 'ok';
      return {
        outcome: well ? 'passed' : 'failed',
        saw: `system ${checks.system}, instance ${checks.instance}`,
      };
    }
    case 'console':
      return judgeConsole(await machines.console(instance, signal), probe.text);
    case 'picture':
      return judgePicture(await machines.picture(instance, signal));
    case 'tcp':
      return address === undefined ? noAddress : judgeTcp(await prober.tcp(address, probe.port, signal));
    case 'http': {
      if (address === undefined) return noAddress;
      const { port, path } = probe;
      return judgeHttp(await prober.http(address, { port, path, most: mostBody }, signal), probe);
    }
  }
}

const noAddress: Seen = { outcome: 'not run', saw: 'EC2 tells no private address of it' };

function judgeConsole(text: string, wanted: string): Seen {
  if (text.includes(wanted)) return { outcome: 'passed', saw: wanted };
  const lines = lastLines(text);
  if (lines === '') return { outcome: 'not run', saw: 'EC2 had no console output' };
  return { outcome: 'failed', saw: `its last lines: ${lines}` };
}

/** That there is one. What it shows people have to see: a black one is a picture too. */
function judgePicture(picture: Buffer | undefined): Seen {
  if (!picture) return { outcome: 'not run', saw: 'EC2 gave no picture' };
  if (extensionOf(picture) === undefined) return { outcome: 'failed', saw: 'what EC2 gave is not a picture' };
  const digest = sha256(picture);
  return { outcome: 'passed', saw: `${picture.length} bytes, sha256:${digest}; look at it yourself` };
}

/** By its first bytes. Source: EC2 API reference, GetConsoleScreenshot: a JPG; emulators of it give PNG. */
export const extensionOf = (picture: Buffer): 'png' | 'jpg' | undefined => {
  if (picture.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))) return 'png';
  return picture.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) ? 'jpg' : undefined;
};

const unreached = ({ state, why }: Exclude<Reached, { state: 'answered' }>): Seen =>
  state === 'refused'
    ? { outcome: 'failed', saw: why }
    : {
        outcome: 'not run',
        saw: `${why}; in a network that is apart only a machine within it gets an answer`,
      };

const judgeTcp = (reached: Reached): Seen =>
  reached.state === 'answered' ? { outcome: 'passed', saw: 'it was taken' } : unreached(reached);

function judgeHttp(reached: Reached, { status, contains }: Extract<Probe, { kind: 'http' }>): Seen {
  if (reached.state !== 'answered') return unreached(reached);
  if (reached.status !== status) return { outcome: 'failed', saw: `status ${reached.status}` };
  if (contains === undefined || reached.body?.includes(contains))
    return { outcome: 'passed', saw: `status ${status}${contains === undefined ? '' : ', and the text'}` };
  const start = (reached.body ?? Buffer.alloc(0)).toString('utf8', 0, 120).replace(/\s+/g, ' ').trim();
  return { outcome: 'failed', saw: `status ${status}, without the text; it begins with: ${start}` };
}
