import { medians, type Sample } from '../measure.ts';
import type { Kind } from './images.ts';

/** What was measured of one program in one direction. */
export interface Found {
  name: string;
  what: 'up' | 'down';
  scheme: 'http' | 'https';
  samples: Sample[];
  failed: number;
  /** How the last failure began. */
  why?: string;
  /** Bytes that it put into its store. */
  stored?: number;
}

interface About {
  kind: Kind;
  bytes: number;
  /** Bytes of the disk's 4 KiB that aren't zeros. */
  used: number;
  rounds: number;
  loads: number[];
  cpu: string;
}

interface Gate {
  scheme: Found['scheme'];
  what: Found['what'];
  name: string;
  /**
   * `cpu`: as a ratio to rclone's. `sent`: of the disk; `sent-of-used`: of what of it isn't zeros. `clock`:
   * rate as a ratio to the fastest peer's.
   */
  of: 'cpu' | 'sent' | 'sent-of-used' | 'clock';
  most?: number;
  least?: number;
}

const [plain, encrypted] = ['converge plain', 'converge encrypted'];
const cpu = (scheme: Gate['scheme'], what: Gate['what'], name: string, most: number): Gate => ({
  ...{ scheme, what, name, of: 'cpu', most },
});
const gates: Record<Kind, Gate[]> = {
  noise: [
    cpu('https', 'up', plain, 1.05),
    cpu('https', 'up', encrypted, 1.35),
    cpu('http', 'up', plain, 0.9),
    cpu('http', 'up', encrypted, 1.15),
    cpu('http', 'down', plain, 0.8),
    cpu('https', 'down', plain, 0.8),
    cpu('http', 'down', encrypted, 1.1),
    cpu('https', 'down', encrypted, 1.0),
  ],
  mixed: (['http', 'https'] as const).flatMap((scheme): Gate[] => [
    { scheme, what: 'up', name: plain, of: 'sent', most: 0.45 },
    cpu(scheme, 'up', plain, 1.25),
    cpu(scheme, 'down', plain, 1.25),
    { scheme, what: 'up', name: plain, of: 'clock', least: 1 },
  ]),
  ntfs: (['http', 'https'] as const).flatMap((scheme): Gate[] => [
    { scheme, what: 'up', name: plain, of: 'sent-of-used', most: 0.3 },
    { scheme, what: 'up', name: plain, of: 'clock', least: 1 },
  ]),
};
const measured = {
  cpu: "CPU time to rclone's",
  sent: 'bytes sent to bytes of the disk',
  'sent-of-used': "bytes sent to bytes that aren't zeros",
  clock: "MB/s to the fastest peer's",
};
const disks: Record<Kind, string> = {
  noise: 'noise',
  mixed: 'zeros (36 %), programs (44 %) and noise',
  ntfs: 'a real NTFS disk again and again, 16 bytes of noise in each 4 KiB that hold something',
};

/** The page, in Markdown. */
export function report(found: Found[], about: About): string {
  const { kind, bytes, used, rounds, loads } = about;
  const perGb = (sample: Sample) => sample.cpu / 1000 / (bytes / 1e9);
  const rate = ({ wall }: Sample) => bytes / 1e6 / (wall / 1000);
  const there = found.filter(({ samples }) => samples.length > 0);
  const peersOf = ({ scheme, what }: Pick<Found, 'scheme' | 'what'>) =>
    there.filter(one => one.scheme === scheme && one.what === what && !one.name.startsWith('converge'));
  const toRclone = (one: Found): number => {
    const other = peersOf(one).find(({ name }) => name === 'rclone');
    return other ? perGb(medians(one.samples)) / perGb(medians(other.samples)) : Number.NaN;
  };
  const foundOf = (one: Found, of: Gate['of']): number => {
    if (of === 'cpu') return toRclone(one);
    if (of === 'sent') return (one.stored ?? Number.NaN) / bytes;
    if (of === 'sent-of-used') return (one.stored ?? Number.NaN) / used;
    const fastest = Math.max(...peersOf(one).map(({ samples }) => rate(medians(samples))));
    return rate(medians(one.samples)) / fastest;
  };
  const gate = ({ scheme, what, name, of, most = Number.POSITIVE_INFINITY, least = 0 }: Gate) => {
    const one = there.find(each => each.scheme === scheme && each.what === what && each.name === name);
    const value = one ? foundOf(one, of) : Number.NaN;
    const met = value <= most && value >= least ? 'met' : '**missed**';
    const wanted = least > 0 ? `>= ${least.toFixed(2)}` : `<= ${most.toFixed(2)}`;
    return `| ${name}, ${what}, ${scheme}: ${measured[of]} | ${wanted} | ${value.toFixed(2)} | ${met} |`;
  };
  const row = (one: Found) => {
    const { scheme, what, name, samples } = one;
    if (samples.length === 0)
      return `| ${scheme} | ${what} | ${name} | failed each time: ${one.why ?? ''} | | | | | |`;
    const middle = medians(samples);
    const all = samples.map(perGb);
    const spread = `${Math.min(...all).toFixed(2)}-${Math.max(...all).toFixed(2)}`;
    const memory = (middle.memory / 2 ** 20).toFixed(0);
    const failed = one.failed > 0 ? `, ${one.failed} failed` : '';
    const sent = one.stored === undefined ? '' : (one.stored / 1e6).toFixed(0);
    return `| ${scheme} | ${what} | ${name}${failed} | ${perGb(middle).toFixed(2)} | ${spread} | ${toRclone(one).toFixed(2)} | ${rate(middle).toFixed(0)} | ${memory} | ${sent} |`;
  };
  const load = (value: number) => value.toFixed(1);
  const gib = (bytes / 2 ** 30).toFixed(0);
  return `# The data path, measured: ${disks[kind]}

Made by \`node bench/data-path.ts --image ${kind} --gib ${gib}\` on ${new Date().toISOString().slice(0, 10)}: ${about.cpu}, 2 cores, ${gib} GiB, of which ${(used / 1e6).toFixed(0)} MB aren't zeros, ${rounds === 1 ? 'one round' : `${rounds} rounds one after the other, medians`}; load average ${load(Math.min(...loads))} to ${load(Math.max(...loads))}. Whole processes, starts included; VersityGW in processes of its own,
everything in memory. What else the machine did is in all numbers: seconds of CPU for 10^9 bytes of the disk are to
be compared with each other, and MB/s under load say little. converge checks every block that it reads, its large
uploads are unsigned, which over http they are on loopback alone; rclone and aws copy files of 16 MiB, rclone tuned and comparing MD5 on the
way down. borg has no S3, and writes to a folder.

## Targets

| what | wanted | found | |
|---|---|---|---|
${gates[kind].map(gate).join('\n')}

## Numbers

| | | what | CPU s/GB | least-most | to rclone | MB/s | memory, MiB | sent, MB |
|---|---|---|---|---|---|---|---|---|
${[...found]
  .sort((a, b) => a.scheme.localeCompare(b.scheme) || b.what.localeCompare(a.what))
  .map(row)
  .join('\n')}
`;
}
