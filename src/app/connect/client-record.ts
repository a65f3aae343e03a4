import type { EbsLimits } from '../../aws/recovery/cloud.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { Clients } from '../../engine/model/io.ts';
import type { Host } from '../../io/ports.ts';
import type { SearchPath } from '../../io/search-path.ts';
import type { DeclaredHere } from '../../recovery/bundle/declared-bundles.ts';
import type { Repositories } from '../../replication/model/clients.ts';
import { connectS3Of } from '../aws/aws-access.ts';
import { givingUpOnce } from './giving-up-once.ts';
import { makeContent } from './make-content.ts';
import type { Closing, Reach } from './reach.ts';
import { makeRepositories } from './repositories.ts';

/** How each client is opened when it is first asked for. One that is forgotten here doesn't compile. */
export type ClientRecord = {
  [Name in keyof Clients]: (target: CatalogTarget | undefined, calls: CallCounter) => Promise<Clients[Name]>;
};

export interface ClientOptions {
  /**
   * What the manifests of this run say, for what is kept of them beside recovery points; left out: not known.
   */
  declared?: DeclaredHere;
  /** What manifests manage: this machine, or the lab's. */
  host: Host;
  reach: Reach;
  /** What programs of this run find programs in. */
  searchPath: SearchPath;
  closing: Closing;
}

/** Those that are the same in the world and in a lab, which differ in what they reach. */
export const sharedClients = ({ host, reach, searchPath, closing, declared }: ClientOptions) => {
  const limits: EbsLimits = new Map();
  let shared: Repositories | undefined;
  const repositories = () => {
    shared ??= makeRepositories(reach, host, closing);
    return shared;
  };
  const s3Of = async (target: CatalogTarget | undefined, calls: CallCounter) =>
    closedWith(closing, await connectS3Of(reach.aws, target, calls));
  return {
    s3: async (...at) => {
      const { bucketApi } = await import('../../aws/buckets.ts');
      return bucketApi(givingUpOnce(await s3Of(...at)));
    },
    async recovery(target, calls) {
      const { openRecovery } = await import('../../aws/recovery/cloud.ts');
      const [api, s3] = await Promise.all([reach.aws.api(target, calls), reach.aws.s3(target, calls)]);
      return closedWith(closing, await openRecovery(api, limits, s3));
    },
    iam: async (target, calls) => {
      const { connectRoles } = await import('../../aws/iam/roles.ts');
      return closedWith(closing, await connectRoles(await reach.aws.api(target, calls)));
    },
    content: async (_, calls) => makeContent(reach, calls, closing),
    search_path: async () => searchPath,
    movers: async () => (await import('../../replication/movers/movers.ts')).movingHere,
    bundles: async () => {
      const { bundles } = await import('../../recovery/bundle/declared-bundles.ts');
      return bundles(declared);
    },
    repositories: async () => repositories(),
    owner_records: async (target, calls) => {
      const { ownerRecords } = await import('./owner-records.ts');
      return ownerRecords({ reach, declared }, repositories(), target, calls);
    },
  } satisfies Partial<ClientRecord>;
};

/** What was opened, to be closed at the end of the run. */
function closedWith<T extends { close(): Promise<void> | void }>(closing: Closing, opened: T): T {
  closing.push(() => opened.close());
  return opened;
}
