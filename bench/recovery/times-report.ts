import { type Latency, latencies, ofTheArticle, stated } from './latencies.ts';

/** How long one way took. */
export interface Timed {
  name: string;
  /** Minutes of the lab's clock, one after another. */
  phases: { what: string; minutes: number }[];
  minutes: number;
  /** Minutes. */
  target: number;
  /** Not something to be met: what others needed. */
  article?: true;
}

export interface TimesResult {
  /** The lab's disks have so much fewer bytes than what is meant, and each byte takes so much longer. */
  scale: number;
  ways: Timed[];
}

const words: Readonly<Record<string, string>> = {
  importing: 'its disks in S3',
  launched: 'an instance runs',
  swapped: 'with its own disks on its network',
  finished: 'written down',
};

const phasesOf = ({ phases }: Timed): string =>
  phases
    .filter(({ minutes }) => minutes >= 0.05)
    .map(({ what, minutes }) => `${words[what] ?? what} ${minutes.toFixed(1)}`)
    .join(', ');

const verdictOf = ({ article, minutes, target }: Timed): string => {
  if (article) return `${target} and more | ${minutes >= target ? 'so it is' : '**less**'}`;
  return `at most ${target} | ${minutes <= target ? 'met' : '**missed**'}`;
};

const takesWords = ({ takes }: Latency): string => {
  if ('rate' in takes) return `${(takes.rate / 1e6).toFixed(0)} MB/s`;
  return takes.ms < 1000
    ? `${takes.ms} ms`
    : takes.ms < 300_000
      ? `${takes.ms / 1000} s`
      : `${takes.ms / 60_000} min`;
};

/** The section of the page. */
export const timesSection = ({ scale, ways }: TimesResult, when: string): string => `## How long it takes

Real failovers, each from the command to its last probe, by the clock of a lab that takes the time which is stated of AWS
(below): its calls move its clock on, and what is begun is over when that clock says so. converge's own waiting and asking
is in it, its work isn't. Of a machine with a disk of ${stated.bytes / 2 ** 30} GiB, of which ${stated.used / 1e9} GB are in use, as the article has it; the lab's
has a ${scale}th of both, and each byte takes ${scale} times as long. Measured ${when}.

| way | minutes, one after another | together | target | |
|---|---|---|---|---|
${ways.map(way => `| ${way.name} | ${phasesOf(way)} | ${way.minutes.toFixed(1)} | ${verdictOf(way)} |`).join('\n')}
| AWS Elastic Disaster Recovery, as AWS says | | 5 (Linux) to 20 (Windows) | | |

What is stated, and how it is known:

| what | takes | known | source |
|---|---|---|---|
${[...Object.values(latencies), ...Object.values(ofTheArticle)].map((it: Latency) => `| ${it.what} | ${takesWords(it)} | ${it.known} | ${it.source} |`).join('\n')}
`;
