import { join } from 'node:path';
import type { Files } from '../../io/ports.ts';
import { byText, canonicalJson } from '../model/canonical.ts';
import type { RunReport } from '../model/events.ts';

/** Reports kept; older ones are removed. */
const kept = 50;

/** Writes the report to `reports/` of the state folder and gives the file's path. */
export async function writeReport(files: Files, dir: string, report: RunReport): Promise<string> {
  const folder = join(dir, 'reports');
  await files.mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `${report.started.replaceAll(':', '-')}-${report.plan.slice(0, 8)}.json`;
  const file = join(folder, name);
  await files.writeAtomic(file, Buffer.from(`${canonicalJson(report, 2)}\n`), { private: true });
  const all = ((await files.list(folder)) ?? []).filter(other => other.endsWith('.json')).sort(byText);
  for (const old of all.slice(0, -kept)) await files.remove(join(folder, old));
  return file;
}
