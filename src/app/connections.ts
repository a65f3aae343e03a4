import type { CallCounter } from '../engine/model/calls.ts';
import type { CatalogTarget, SecretRef } from '../engine/model/catalog.ts';
import type { Clients } from '../engine/model/io.ts';
import type { Host } from '../io/ports.ts';
import type { SearchPath } from '../io/search-path.ts';
import type { Lab } from '../lab/lab.ts';
import type { KnownRepositories } from '../replication/model/clients.ts';
import type { VsphereClient } from '../vsphere/client/connect.ts';
import { awsOf } from './aws/aws.ts';
import { makeContent } from './content.ts';
import { makeRepositories } from './repository/repositories.ts';

export interface ConnectionOptions {
  /** What manifests manage: this machine, or the lab's. */
  host: Host;
  /** This machine. */
  machine: Host;
  targets: CatalogTarget[];
  secret(reference: SecretRef): Promise<string>;
  /** Counts the calls to a target, by its name. */
  counter(target: string): CallCounter;
  /** The repositories that earlier runs from this state folder have seen. */
  known: KnownRepositories;
  lab?: Lab;
}

export interface Connections {
  /** The client that a resource on `target` asks for by name. */
  connect(target: CatalogTarget | undefined, name: keyof Clients, calls: CallCounter): Promise<unknown>;
  close(): Promise<void>;
}

/** Opens each client when it is first asked for; the lab's endpoints take every target's place. */
export function makeConnections(
  options: ConnectionOptions & { /** What programs of this run find programs in. */ searchPath: SearchPath },
): Connections {
  const closing: (() => Promise<void> | void)[] = [];
  return {
    async connect(target, name, calls) {
      switch (name) {
        case 'vsphere': {
          const client = await connectVsphereTarget(target, options, calls);
          closing.push(() => client.close());
          return client;
        }
        case 's3': {
          const [{ bucketApi }, aws] = await Promise.all([
            import('../aws/buckets.ts'),
            awsOf(target, options, calls),
          ]);
          closing.push(() => aws.close());
          return bucketApi(aws);
        }
        case 'content':
          return makeContent(options, calls, closing);
        case 'git': {
          const { labGit, worldGit } = await import('../content/git-access.ts');
          return options.lab ? labGit(options.lab.web.url) : worldGit;
        }
        case 'search_path':
          return options.searchPath;
        case 'repositories':
          return makeRepositories(options, closing);
      }
    },
    async close() {
      // In reverse, and all of them: one that fails to log out must not keep the others open.
      await Promise.allSettled(
        closing
          .splice(0)
          .reverse()
          .map(async close => close()),
      );
    },
  };
}

async function connectVsphereTarget(
  target: CatalogTarget | undefined,
  { host, secret, lab }: ConnectionOptions,
  calls: CallCounter,
): Promise<VsphereClient> {
  const { connectVsphere } = await import('../vsphere/client/connect.ts');
  const common = { clock: host.clock, onCall: (kind: 'made' | 'retried') => calls[kind]() };
  if (lab) {
    const { username, password } = lab.settings.vsphere;
    return connectVsphere({
      ...common,
      url: lab.vsphere.url,
      ca: lab.vsphere.caPem,
      username,
      password: async () => password,
    });
  }
  const { readCa } = await import('../vsphere/client/target.ts');
  const { url, username, password, ca, sha256, datacenter } = target!.properties as Record<string, string> & {
    password: SecretRef;
  };
  return connectVsphere({
    ...common,
    url: url!,
    username: username!,
    password: () => secret(password),
    ...(ca !== undefined && { ca: await readCa(ca, host.files, host.cwd) }),
    ...(sha256 !== undefined && { sha256 }),
    ...(datacenter !== undefined && { datacenter }),
  });
}
