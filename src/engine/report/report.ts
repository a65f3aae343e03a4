import { join } from 'node:path';
import type { Files, ReadFiles } from '../../io/ports.ts';
import { byText, canonicalJson } from '../model/canonical.ts';
import type { RunReport } from '../model/events.ts';

/** Reports kept at most, those of failures beside them, and for how long, ms; the newest always is. */
const kept = { count: 50, failures: 10, age: 90 * 86_400_000 };

/** Writes the report to `reports/` of the state folder and gives the file's path. */
export async function writeReport(files: Files, dir: string, report: RunReport): Promise<string> {
  const folder = join(dir, 'reports');
  await files.mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `${report.started.replaceAll(':', '-')}-${report.plan.slice(0, 8)}.json`;
  const file = join(folder, name);
  await files.writeAtomic(file, Buffer.from(`${canonicalJson(report, 2)}\n`), { private: true });
  const oldest = new Date(Date.parse(report.started) - kept.age).toISOString().replaceAll(':', '-');
  const old = (await reportsIn(files, folder)).filter(one => one !== name);
  // What runs every few minutes would push out what failed at night.
  let failures = 0;
  for (const [n, one] of old.entries()) {
    const isNew = one >= oldest;
    if (isNew && n < kept.count - 1) continue;
    const before = isNew && failures < kept.failures && parsed(await files.read(join(folder, one)));
    if (before && hasFailed(before)) failures++;
    else await files.remove(join(folder, one));
  }
  return file;
}

/** What `writeReport` calls them: others' files are nobody's to count or remove. */
const ownName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[0-9a-f]{1,8}\.json$/;

/** Names of the files, the newest first. */
const reportsIn = async (files: ReadFiles, folder: string): Promise<string[]> =>
  ((await files.list(folder)) ?? [])
    .filter(name => ownName.test(name))
    .sort(byText)
    .reverse();

/** Whether something of a run didn't come about that should have. */
export const hasFailed = ({ results, interrupted, proof }: RunReport): boolean =>
  interrupted ||
  proof?.empty === false ||
  results.some(({ result, heldBack }) => failures.has(result) || heldBack !== undefined);

const failures = new Set<string>(['failed', 'blocked', 'interrupted', 'skipped']);

/**
 * The newest report that fits, and its file; undefined where there is none. What isn't a report is passed
 * over.
 */
export async function findReport(
  files: ReadFiles,
  dir: string,
  fits: (report: RunReport) => boolean,
): Promise<{ file: string; report: RunReport } | undefined> {
  const folder = join(dir, 'reports');
  for (const name of await reportsIn(files, folder)) {
    const file = join(folder, name);
    const report = parsed(await files.read(file));
    if (report && fits(report)) return { file, report };
  }
  return undefined;
}

function parsed(bytes: Buffer | undefined): RunReport | undefined {
  if (!bytes) return undefined;
  try {
    const value = JSON.parse(bytes.toString('utf8')) as RunReport;
    return value.report === 1 && Array.isArray(value.results) ? value : undefined;
  } catch {
    return undefined;
  }
}
