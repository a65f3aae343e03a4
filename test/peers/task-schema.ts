import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where `.ci/peers` puts the published schema of the Task Scheduler. */
const schema = '/usr/local/lib/converge-peers/task-schema/TaskSchedulerV2Schema.xsd';

/** What is missing to judge tasks; undefined: nothing. */
export function missing(): string | undefined {
  if (spawnSync('xmllint', ['--version'], { stdio: 'ignore' }).error) return 'xmllint';
  return existsSync(schema) ? undefined : schema;
}

/**
 * What xmllint says against each task, by name; an empty text for one that the schema takes. The bytes are
 * judged as Windows gets them, UTF-16 with its mark.
 */
export function judged(tasks: Readonly<Record<string, string>>): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'converge-tasks-'));
  try {
    const found = Object.entries(tasks).map(([name, xml]) => {
      const file = join(folder, 'task.xml');
      writeFileSync(file, Buffer.from(`\ufeff${xml.replace(/^\ufeff/, '')}`, 'utf16le'));
      const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', schema, file], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      // 3 and 4 are its verdicts on the document, the others are about itself.
      if (status !== 0 && status !== 1 && status !== 3 && status !== 4) throw new Error(stderr);
      return [name, status === 0 ? '' : stderr.replaceAll(file, 'task.xml')];
    });
    return Object.fromEntries(found);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
