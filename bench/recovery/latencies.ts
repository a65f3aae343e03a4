/** What a machine of the stated size waits for in AWS, each with where that is known from. */
import type { Pace, Step } from '../../src/lab/ec2/world/pace.ts';

const MB = 1e6;

/** A disk of the article: 40 GiB, of which 10.3 GB are in use. */
export const stated = { bytes: 40 * 2 ** 30, used: 10.3e9 };

export interface Latency {
  what: string;
  /** Milliseconds of a step or call; bytes a second of data. */
  takes: { ms: number } | { rate: number };
  /**
   * `documented`: by AWS. `published`: measured by somebody who says so. `assumed`: neither, and chosen so
   * that it is rather too long.
   */
  known: 'documented' | 'published' | 'assumed';
  source: string;
}

/** Minutes as milliseconds. */
const minutes = (n: number) => ({ ms: n * 60_000 });
const seconds = (n: number) => ({ ms: n * 1_000 });

export const latencies = {
  call: {
    what: 'a call of EC2, EBS direct or S3, besides its data',
    takes: { ms: 100 },
    known: 'documented',
    source:
      'Amazon EBS user guide, "Optimize performance for EBS direct APIs": its example has 100 ms for a call; S3 user guide, "Performance design patterns": 100 to 200 ms for small objects. As if none ran beside another',
  },
  s3: {
    what: 'data of S3, both ways together',
    takes: { rate: 85 * MB },
    known: 'documented',
    source:
      'S3 user guide, "Performance guidelines": a connection for each 85 to 90 MB/s. As if all that run were one',
  },
  ebs: {
    what: 'blocks of EBS direct',
    takes: { rate: 250 * MB },
    known: 'documented',
    source:
      'Amazon EBS user guide, "Optimize performance for EBS direct APIs": 1,000 blocks of 512 KiB a second at 100 calls at a time; half of that, as 64 run at a time',
  },
  snapshot: {
    what: 'a snapshot, from its last block until it is complete',
    takes: minutes(2),
    known: 'assumed',
    source: 'AWS documents none; the most of what people tell of some GiB',
  },
  image: {
    what: 'an image, from RegisterImage until it is available',
    takes: seconds(30),
    known: 'assumed',
    source: 'AWS documents none; seconds, as people tell',
  },
  run: {
    what: 'an instance, from the call until it runs',
    takes: seconds(30),
    known: 'assumed',
    source: 'AWS documents none; part of the 242 s below',
  },
  stop: {
    what: 'an instance, until it has stopped',
    takes: minutes(2),
    known: 'assumed',
    source: 'AWS documents none',
  },
  volume: {
    what: 'a volume of a snapshot, until it is available',
    takes: seconds(30),
    known: 'assumed',
    source: 'AWS documents none; its blocks come as they are read',
  },
  root: {
    what: 'an exchange of the root, until the task has succeeded and the instance starts anew',
    takes: minutes(2),
    known: 'assumed',
    source: 'AWS documents that the instance is restarted, and no time',
  },
  windows: {
    what: 'Windows, until it answers, its blocks read from a snapshot meanwhile',
    takes: seconds(242),
    known: 'published',
    source:
      'AWS, "Launch Microsoft Windows Server instances on Amazon EC2 up to 65% faster than before": typical launch of an image of one\'s own, its first setup included, which a recovered Windows has behind it',
  },
  linux: {
    what: 'Linux, until it answers, its blocks read from a snapshot meanwhile',
    takes: seconds(90),
    known: 'assumed',
    source: 'AWS documents none',
  },
  checks: {
    what: "EC2's checks, from when the guest answers",
    takes: seconds(60),
    known: 'documented',
    source: 'Amazon EC2 user guide, "Status checks for your instances": they are made every minute',
  },
  import: {
    what: 'an import by VM Import, of snapshots or an image',
    takes: minutes(25),
    known: 'published',
    source: 'the most of what users tell of machines of 10 to 40 GiB; AWS documents none',
  },
} as const satisfies Record<string, Latency>;

/** What the article's own steps took, of its 40 GiB from an m3.medium. */
export const ofTheArticle = {
  upload: {
    what: 'ec2-import-instance, until the 40 GiB are in S3',
    takes: { rate: stated.bytes / (45 * 60) },
    known: 'published',
    source:
      '"DR: vSphere to AWS using vSphere snapshots and S3 sync", 2014: approximately 45 minutes from an m3.medium',
  },
  import: {
    what: 'the conversion that follows',
    takes: minutes(15),
    known: 'published',
    source: 'the same: approximately 15 minutes',
  },
} as const satisfies Record<string, Latency>;

/**
 * The lab's pace by them. `scale`: a disk of the lab has so much less bytes than the one that is meant, and
 * its data take as much longer. `took` is told what each call took.
 */
export function paceOf(
  pass: (ms: number) => void,
  { scale, article = false }: { scale: number; article?: boolean },
): Pace {
  const guest = (windows: boolean) => latencies[windows ? 'windows' : 'linux'].takes.ms;
  const rates = {
    s3: article ? ofTheArticle.upload.takes.rate : latencies.s3.takes.rate,
    ebs: latencies.ebs.takes.rate,
  };
  return {
    pass,
    takes(step: Step, windows) {
      if (step === 'start') return guest(windows) + latencies.checks.takes.ms;
      if (step === 'import' && article) return ofTheArticle.import.takes.ms;
      return latencies[step].takes.ms;
    },
    call(what, bytes) {
      const rate = what.startsWith('s3:') ? rates.s3 : what.startsWith('ebs:') ? rates.ebs : undefined;
      const isData = rate !== undefined && bytes > 64 * 1024;
      return isData ? ((bytes * scale) / rate) * 1000 : latencies.call.takes.ms;
    },
  };
}
