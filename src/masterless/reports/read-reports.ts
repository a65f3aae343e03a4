import pLimit from 'p-limit';
import type { FleetBucket, Listed } from '../content/bucket.ts';
import { type InstanceReport, parseReport, reporterOf, reportPrefix } from './report.ts';

/** A report, and what the bucket knows of it: an instance's clock may say anything. */
export interface Told {
  report: InstanceReport;
  /** Milliseconds since the epoch. */
  written: number;
}

export interface Reports {
  /** By instance. */
  told: Map<string, Told>;
  /** Objects that were not believed. */
  refused: { key: string; why: string }[];
}

/** Bytes of one report; a real one has 20 lines of 500 characters at most. */
const largest = 64 * 1024;
/** An environment has hundreds of instances, and leaves the reports of those that are gone. */
const mostReports = 10_000;
const atOnce = 8;

/**
 * Reads the reports of an environment, again and again: what has not changed since is not fetched
 * again. A report counts for the instance in its key, which is the only one that may write there. Of
 * several for one instance (it was given another role) the newest counts.
 * @param only these instances; default: all
 */
export function reportReader(bucket: FleetBucket, environment: string) {
  const known = new Map<string, { etag: string; read: InstanceReport | string }>();
  const limit = pLimit(atOnce);

  const read = async ({ key, size, etag }: Listed, instance: string): Promise<InstanceReport | string> => {
    const before = known.get(key);
    if (before?.etag === etag) return before.read;
    const found =
      size > largest ? undefined : await bucket.get(key, { range: { start: 0, end: largest + 1 } });
    // Written anew between listing and reading: the next look knows it by its own ETag.
    const result = found ? judged(found.bytes, environment, instance) : tooLarge;
    known.set(key, { etag: found?.etag ?? etag, read: result });
    return result;
  };

  return async (only?: ReadonlySet<string>): Promise<Reports> => {
    const objects: { listed: Listed; instance: string }[] = [];
    const refused: Reports['refused'] = [];
    let count = 0;
    for await (const listed of bucket.list(reportPrefix(environment))) {
      if (++count > mostReports) {
        refused.push({
          key: listed.key,
          why: `there are more than ${mostReports} reports; the rest is left`,
        });
        break;
      }
      const instance = reporterOf(environment, listed.key);
      if (instance === undefined)
        refused.push({ key: listed.key, why: 'no instance writes under this name' });
      else if (!only || only.has(instance)) objects.push({ listed, instance });
    }
    const told = new Map<string, Told>();
    await Promise.all(
      objects.map(({ listed, instance }) =>
        limit(async () => {
          const report = await read(listed, instance);
          if (typeof report === 'string') return void refused.push({ key: listed.key, why: report });
          const other = told.get(instance);
          if (!other || other.written < listed.modified)
            told.set(instance, { report, written: listed.modified });
        }),
      ),
    );
    return { told, refused: refused.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  };
}

const tooLarge = `it is larger than ${largest / 1024} KiB`;

/** The report, or why it is none of this instance's. */
function judged(bytes: Buffer, environment: string, instance: string): InstanceReport | string {
  if (bytes.length > largest) return tooLarge;
  const report = parseReport(bytes);
  if (!report) return 'it is not a report';
  if (report.instance !== instance) return `it speaks for ${report.instance}`;
  if (report.environment !== environment) return `it speaks of the environment ${report.environment}`;
  return report;
}
