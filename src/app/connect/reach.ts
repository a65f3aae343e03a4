import { join } from 'node:path';
import type { CallCounter } from '../../engine/model/calls.ts';
import type { CatalogTarget, SecretRef } from '../../engine/model/catalog.ts';
import { placeBelow } from '../../io/confined.ts';
import type { Host } from '../../io/ports.ts';
import { type Network, networkOf, straight } from '../../network/network.ts';
import type { KnownRepositories } from '../../replication/model/clients.ts';
import { type AwsAccess, labAws, worldAws } from '../aws/aws-access.ts';
import type { Lab } from '../lab/open-lab.ts';

/** What is outside of the host that is managed: the world's, or the lab's. */
export interface Reach {
  /** This machine. */
  machine: Host;
  /** Those that the manifests declare. */
  targets: CatalogTarget[];
  secret(reference: SecretRef): Promise<string>;
  /** Counts the calls to a target, by its name. */
  counter(target: string): CallCounter;
  /** The repositories that earlier runs from this state folder have seen. */
  known: KnownRepositories;
  aws: AwsAccess;
  /** By which proxies this machine reaches others. */
  network: Network;
  /** URL of what answers in the place of every web host. */
  standIn?: string;
  /** Where a folder really is whose path a manifest or an option says. */
  folder(path: string): string;
}

type Given = Pick<Reach, 'machine' | 'targets' | 'secret' | 'counter' | 'known'>;

export const worldReach = (given: Given): Reach => {
  const network = networkOf(given.machine);
  return { ...given, network, aws: worldAws(given.machine, network, given.secret), folder: path => path };
};

export const labReach = (given: Given, lab: Lab): Reach => ({
  ...given,
  // It is on this machine.
  network: straight,
  aws: labAws(given.machine, lab),
  standIn: lab.web.url,
  folder: path => placeBelow(join(lab.dir, 'host'), path),
});

/** What is to be closed when the session ends. */
export type Closing = (() => Promise<void> | void)[];
