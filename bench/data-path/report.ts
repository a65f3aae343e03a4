import { medians, type Sample } from '../measure.ts';

/** What was measured of one program in one direction. */
export interface Found {
  name: string;
  what: 'up' | 'down';
  scheme: 'http' | 'https';
  samples: Sample[];
  failed: number;
}

interface About {
  bytes: number;
  rounds: number;
  loads: number[];
  cpu: string;
}

/** Gates: of converge's CPU time to rclone's, by scheme, direction and repository. */
const gates: [Found['scheme'], Found['what'], string, number][] = [
  ['https', 'up', 'converge plain', 1.05],
  ['https', 'up', 'converge encrypted', 1.35],
  ['http', 'up', 'converge plain', 0.9],
  ['http', 'up', 'converge encrypted', 1.15],
  ['http', 'down', 'converge plain', 0.8],
  ['https', 'down', 'converge plain', 0.8],
  ['http', 'down', 'converge encrypted', 1.1],
  ['https', 'down', 'converge encrypted', 1.0],
];

/** The page, in Markdown. */
export function report(found: Found[], about: About): string {
  const { bytes, rounds, loads, cpu } = about;
  const perGb = (sample: Sample) => sample.cpu / 1000 / (bytes / 1e9);
  const rate = ({ wall }: Sample) => bytes / 1e6 / (wall / 1000);
  const of = (scheme: string, what: string, name: string) =>
    found.find(one => one.scheme === scheme && one.what === what && one.name === name);
  const toRclone = (one: Found): string => {
    const other = of(one.scheme, one.what, 'rclone');
    if (!other?.samples.length || !one.samples.length) return '-';
    return (perGb(medians(one.samples)) / perGb(medians(other.samples))).toFixed(2);
  };
  const row = (one: Found) => {
    if (one.samples.length === 0) return `| ${one.scheme} | ${one.what} | ${one.name} | failed | | | | |`;
    const middle = medians(one.samples);
    const all = one.samples.map(perGb);
    const spread = `${Math.min(...all).toFixed(2)}-${Math.max(...all).toFixed(2)}`;
    const memory = (middle.memory / 2 ** 20).toFixed(0);
    const failed = one.failed > 0 ? `, ${one.failed} failed` : '';
    return `| ${one.scheme} | ${one.what} | ${one.name}${failed} | ${perGb(middle).toFixed(2)} | ${spread} | ${toRclone(one)} | ${rate(middle).toFixed(0)} | ${memory} |`;
  };
  const gate = ([scheme, what, name, most]: (typeof gates)[number]) => {
    const one = of(scheme, what, name);
    const ratio = one ? toRclone(one) : '-';
    const met = Number(ratio) <= most ? 'met' : '**missed**';
    return `| ${name}, ${what}, ${scheme} | ${most.toFixed(2)} | ${ratio} | ${met} |`;
  };
  const load = (value: number) => value.toFixed(1);
  return `# The data path, measured

Made by \`node bench/data-path.ts\` on ${new Date().toISOString().slice(0, 10)}: ${cpu}, 2 cores, ${(bytes / 2 ** 30).toFixed(0)} GiB of noise, ${rounds === 1 ? 'one round' : `${rounds} rounds one after the other, medians`}; load average ${load(Math.min(...loads))} to ${load(Math.max(...loads))}. Whole processes, starts included; VersityGW in processes of its own,
everything in memory. What else the machine did is in all numbers: seconds of CPU for 10^9 bytes of the disk are to
be compared with each other, and MB/s under load say little. converge checks every block that it reads, its large
uploads are unsigned, which over http they are on loopback alone; rclone and aws copy files of 16 MiB, rclone tuned and comparing MD5 on the
way down. borg has no S3, and writes to a folder.

## Targets: CPU time, as a ratio to rclone's

| what | at most | found | |
|---|---|---|---|
${gates.map(gate).join('\n')}

## Numbers

| | | what | CPU s/GB | least-most | to rclone | MB/s | memory, MiB |
|---|---|---|---|---|---|---|---|
${[...found]
  .sort((a, b) => a.scheme.localeCompare(b.scheme) || b.what.localeCompare(a.what))
  .map(row)
  .join('\n')}
`;
}
