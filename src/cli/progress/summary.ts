import type { RunReport } from '../../engine/model/events.ts';
import { bytes, duration, plural } from '../../io/units.ts';

/** Changes that are told one by one. */
const mostTold = 20;

/**
 * The last lines of a run: what changed, bytes, points, time, and whether a second plan is empty.
 * @param seen the progress is on the same screen and said already what became of each resource
 */
export function summary(report: RunReport, seen = false): string[] {
  const count = (result: string) => report.results.filter(r => r.result === result).length;
  const parts = [plural(count('changed'), 'change')];
  if (count('refreshed')) parts.push(`${count('refreshed')} refreshed`);
  if (count('noop')) parts.push(`${count('noop')} would change (noop)`);
  if (count('held')) parts.push(`${count('held')} held`);
  if (count('blocked')) parts.push(`${count('blocked')} BLOCKED`);
  if (count('interrupted')) parts.push(`${count('interrupted')} interrupted`);
  if (count('failed')) parts.push(`${count('failed')} FAILED`);
  if (count('skipped')) parts.push(`${count('skipped')} skipped`);
  const lines = [
    `${report.interrupted ? 'Interrupted' : 'Applied'}: ${parts.join(', ')} in ${duration(report.took)}`,
  ];

  const told = seen
    ? []
    : report.results.filter(
        ({ result, note }) => (result === 'changed' || result === 'interrupted') && note !== undefined,
      );
  for (const { address, note } of told.slice(0, mostTold)) lines.push(`  ${address}: ${note}`);
  if (told.length > mostTold) lines.push(`  and ${told.length - mostTold} more, in the report`);

  const { bytes_read: read, bytes_uploaded: up, bytes_written: written, points } = report.numbers;
  const moved = [
    points && `${plural(points, 'recovery point')} made`,
    read && `${bytes(read)} read from disks`,
    up && `${bytes(up)} uploaded`,
    written && `${bytes(written)} written to images`,
  ].filter(Boolean);
  if (moved.length > 0) lines.push(`  ${moved.join(', ')}`);

  const calls = Object.entries(report.calls)
    .filter(([, c]) => c.made > 0)
    .map(([target, c]) => `${target} ${c.made}${c.retried ? ` (${c.retried} retried)` : ''}`);
  if (calls.length > 0) lines.push(`  calls: ${calls.join(', ')}`);

  if (report.proof) {
    lines.push(
      report.proof.empty
        ? count('failed') + count('skipped') + count('held') + count('blocked') > 0
          ? '  what changed is in sync: planned a second time, it needs nothing'
          : '  a second plan is empty'
        : `  NOT CONVERGENT, a second plan still has: ${report.proof.pending.join(', ')}`,
    );
  }
  return lines;
}
