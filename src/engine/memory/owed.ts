import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import type { Run } from '../model/run.ts';

/**
 * A refresh is owed from before the change that causes it until it is done, so that a notification
 * survives a crash in between. Kept per receiver: the addresses that owe it.
 */
export const owedKey = (receiver: Address): string => `owed-refresh:${receiver}`;

export const owedTo = (run: Run, { address }: { address: Address }): Address[] =>
  (run.world.memory.engine.get(owedKey(address)) as Address[] | undefined) ?? [];

/** Durable when it resolves. */
export async function owe(run: Run, notifier: Address, receivers: readonly Address[]): Promise<void> {
  for (const receiver of receivers) {
    const known = owedTo(run, { address: receiver });
    if (!known.includes(notifier))
      await run.world.memory.engine.set(owedKey(receiver), [...known, notifier].sort(byText));
  }
}

/** The refresh is done, or `notifier` left nothing behind that would ask for one. */
export async function settle(run: Run, receiver: Address, notifier?: Address): Promise<void> {
  const known = owedTo(run, { address: receiver });
  if (known.length === 0) return;
  const left = notifier === undefined ? [] : known.filter(address => address !== notifier);
  await run.world.memory.engine.set(owedKey(receiver), left.length > 0 ? left : undefined);
}
