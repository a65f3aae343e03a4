import { join } from 'node:path';
import type { Address } from '../model/catalog.ts';

const prefix = 'agent:';

/** Where a state folder remembers what an agent goes by for a resource, until `apply --allow` ends that. */
export const agentKey = (address: Address): string => `${prefix}${address}`;

/** Where a state folder keeps besides, as a whole, what an agent last went by. */
export const wentByFile = (stateDir: string): string => join(stateDir, 'agent', 'manifests.json');

/** The address of such a key; undefined for another one. */
export const addressOfAgentKey = (key: string): Address | undefined =>
  key.startsWith(prefix) ? key.slice(prefix.length) : undefined;

/**
 * Where it remembers how many VMs an agent has seen a selection mean at most, until `apply --allow` of the
 * selection says that fewer are meant.
 */
export const selectedKey = (selection: Address): string => `agent-selected:${selection}`;

/** Where it remembers which VMs an agent last saw a selection mean: it goes on meaning them unseen. */
export const membersKey = (selection: Address): string => `agent-members:${selection}`;

/** The selection that such a key is about; undefined: it is another key. */
export const addressOfSelectionKey = (key: string): Address | undefined => {
  const of = [selectedKey, membersKey].map(keyOf => keyOf('' as Address)).find(one => key.startsWith(one));
  return of === undefined ? undefined : (key.slice(of.length) as Address);
};

/** Where it remembers what routes were told, for times at which the repository that keeps that is away. */
export const alertsKey = (url: string): string => `agent-alerts:${url}`;
