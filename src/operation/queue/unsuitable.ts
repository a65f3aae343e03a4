import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { QueueServer } from './wake-queue.ts';

/** What is wrong with a server for a queue: what rules it out, and what somebody should know. */
export function unsuitable({ eviction, persists }: QueueServer): {
  refused: Failure | undefined;
  warnings: Diagnostic[];
} {
  const warnings: Diagnostic[] = [];
  if (persists === false)
    warnings.push({
      ...world(
        'queue-not-kept',
        'the server of the queue writes nothing to disk: when it restarts every wake-up is gone',
        {
          hint: 'set `appendonly yes` on it; without that agents fill the queue again within half a minute',
        },
      ),
      severity: 'warning',
    });
  const evicts = eviction !== undefined && eviction !== 'noeviction';
  const refused = evicts
    ? new Failure(
        world(
          'queue-evicts',
          own`the server of the queue removes keys when its memory is full (maxmemory-policy ${eviction}): wake-ups would get lost in silence`,
          { hint: '`CONFIG SET maxmemory-policy noeviction`, and the same in its configuration' },
        ),
      )
    : undefined;
  return { refused, warnings };
}
