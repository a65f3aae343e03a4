import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import type { Plan } from '../model/plan.ts';
import type { Run } from '../model/run.ts';

/**
 * A refresh is owed from before the change that causes it until it is done, so that a notification
 * survives a crash in between. Kept per receiver: the addresses that owe it.
 */
export const owedKey = (receiver: Address): string => `${prefix}${receiver}`;

const prefix = 'owed-refresh:';

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

/**
 * Warnings of refreshes that are owed to what is no longer declared: renamed or removed before it got them.
 * @param declared what the manifests declare, whether or not it is selected
 */
export function lostRefreshes(
  run: Run,
  declared: readonly { address: Address; select?: unknown }[],
): Diagnostic[] {
  const owed = receiversOwed(run);
  if (owed.length === 0) return [];
  const known = new Set(declared.map(({ address }) => address));
  const unasked = declared.flatMap(({ address, select }) => (select === undefined ? [] : [`${address}/`]));
  return owed
    .filter(address => !known.has(address) && !unasked.some(selection => address.startsWith(selection)))
    .map(address => lost(address, owedTo(run, { address }), known));
}

function lost(receiver: Address, notifiers: readonly Address[], known: ReadonlySet<Address>): Diagnostic {
  const text = `\`${receiver}\` is owed a refresh since a change of ${notifiers.join(', ')}, and is not declared: nothing refreshes it`;
  const hint = notifiers.some(address => known.has(address))
    ? 'if it has another name now, refresh that by hand; apply forgets this one'
    : 'if it has another name now, refresh that by hand; if other manifests declare it, apply those';
  return { ...world('refresh-lost', text, { hint }), severity: 'warning' };
}

/**
 * After an apply: those that the plan's own resources owe to what they no longer notify, and it doesn't have.
 */
export async function forgetLost(run: Run, { resources }: Plan): Promise<void> {
  const planned = new Map(resources.map(resource => [resource.address, resource]));
  for (const receiver of receiversOwed(run)) {
    if (planned.has(receiver)) continue;
    for (const notifier of owedTo(run, { address: receiver })) {
      const owing = planned.get(notifier);
      if (owing && !owing.notifies.includes(receiver)) await settle(run, receiver, notifier);
    }
  }
}

const receiversOwed = (run: Run): Address[] =>
  [...run.world.memory.engine.keys()]
    .filter(key => key.startsWith(prefix))
    .map(key => key.slice(prefix.length))
    .sort(byText);
