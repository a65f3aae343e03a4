import pLimit from 'p-limit';
import type { Clock, Processes } from '../../io/ports.ts';
import type { Waits } from '../../io/retry.ts';
import type { Network } from '../../network/network.ts';
import type { MachineMaker, RestingMachine, SourceMachine } from '../../replication/model/source.ts';
import { createCookieJar } from '../http/cookies.ts';
import { endpointOf } from '../http/endpoint.ts';
import { createHttp } from '../http/http.ts';
import { checkTrust } from '../http/server-trust.ts';
import { thumbprintOf } from '../http/tls.ts';
import { createMaker } from '../import/maker.ts';
import { createAutomation } from '../inventory/automation.ts';
import { type InventoryVm, listVms, pickVm } from '../inventory/inventory.ts';
import { listTags, type Tag, taggedVms } from '../inventory/tags.ts';
import type { Transports } from '../snapshots/transport.ts';
import type { Nbdkit } from '../snapshots/vddk.ts';
import { explain } from '../soap/faults.ts';
import type { About } from '../soap/service-content.ts';
import { type OnCall, openSession } from '../soap/soap-session.ts';
import { createMachine } from './machine.ts';
import { createResting } from './resting.ts';
import { measureClock } from './server-clock.ts';

export interface VsphereOptions {
  /** `https://host[:port]`. */
  url: string;
  username: string;
  /** Asked for at each login and kept nowhere. */
  password: () => Promise<string>;
  /** PEM text, see `readCa`. */
  ca?: string;
  /** SHA-256 of the server's certificate; it alone decides when given. */
  sha256?: string;
  /** Name or path of the only datacenter to look for VMs in. */
  datacenter?: string;
  /** How disks are read; from the datastore when left out. */
  reading?: Reading;
  clock: Clock;
  onCall?: OnCall;
  /** Hears of the calls that are tried for long. */
  long?: Waits;
  /** By which proxies; none when left out. */
  network?: Network;
}

export interface Reading {
  /** As a target has it; `auto` when left out. */
  transport?: Transports['wanted'];
  /** The nbdkit of this machine; undefined when the target declares none. */
  nbdkit?: Nbdkit;
  processes: Processes;
}

export interface VsphereClient {
  readonly about: About;
  /** The VM of that name, instance UUID or BIOS UUID. Failures: `vm-not-found`, `vm-ambiguous`. */
  machine(nameOrUuid: string): Promise<SourceMachine>;
  /** The same, as something is brought back to its disks. */
  resting(nameOrUuid: string): Promise<RestingMachine>;
  /** Makes machines in the target's datacenter. */
  readonly maker: MachineMaker;
  /** All VMs that the user may see, by path. `uuid` is the instance UUID. */
  vms(): Promise<ListedVm[]>;
  /** All tags that the user may see. Failures: `vsphere-no-tags`, `vsphere-tags-refused`. */
  tags(signal?: AbortSignal): Promise<Tag[]>;
  /** Managed object ids of the VMs that any of the tags is attached to. */
  tagged(tags: readonly Tag[], signal?: AbortSignal): Promise<Set<string>>;
  /** Milliseconds by which the server's clock is ahead of this machine's. */
  clockAhead(): Promise<number>;
  close(): Promise<void>;
}

export type ListedVm = Omit<InventoryVm, 'moref' | 'datacenter'> & { moref: string };

declare module '../../engine/model/io.ts' {
  interface Clients {
    vsphere: VsphereClient;
  }
}

/** Range reads at once per server; its file service runs out of memory with many. */
const PARALLEL_READS = 8;

/** Milliseconds for which a listing of the VMs answers for names. */
const LISTING_LASTS = 5_000;

/**
 * Connects and logs in.
 * @throws Failure `vsphere-url`, `vsphere-pin`, `vsphere-ca`, and what `openSession` throws
 */
export async function connectVsphere(options: VsphereOptions): Promise<VsphereClient> {
  const { ca, sha256, datacenter, network } = options;
  const trust = { ca, sha256, network };
  checkTrust(trust);
  const connection = () => createHttp(endpointOf(options.url), trust, createCookieJar());
  const http = connection();
  const session = await openSession(http, options, options.clock, options.onCall, options.long).catch(
    error => {
      http.close();
      throw error;
    },
  );
  const transports = transportsOf(options);
  const list = () => explain('list the VMs', () => listVms(session, datacenter));
  // A run asks for each of its VMs by name within a moment: one listing answers them all.
  let recent: { taken: number; vms: ReturnType<typeof list> } | undefined;
  const recentList = () => {
    const now = options.clock.now();
    if (recent === undefined || Math.abs(now - recent.taken) > LISTING_LASTS) {
      const vms = list();
      recent = { taken: now, vms };
      vms.catch(() => {
        recent = undefined;
      });
    }
    return recent.vms;
  };
  let ahead: Promise<number> | undefined;
  const clockAhead = () => {
    ahead ??= measureClock(session);
    ahead.catch(() => {
      ahead = undefined;
    });
    return ahead;
  };
  const automation = createAutomation(connection(), options, options.clock, options.onCall);
  return {
    about: session.content.about,
    machine: async nameOrUuid =>
      createMachine(session, pickVm(await recentList(), nameOrUuid, http.where), transports, clockAhead),
    resting: async nameOrUuid =>
      createResting(session, pickVm(await recentList(), nameOrUuid, http.where), transports, clockAhead),
    maker: createMaker(session, { to: endpointOf(options.url), trust }, datacenter, transports),
    vms: async () =>
      (await recentList()).map(({ datacenter: _, moref, ...vm }) => ({ ...vm, moref: moref.value })),
    tags: signal => listTags(automation, signal),
    tagged: (tags, signal) => taggedVms(automation, tags, signal),
    clockAhead,
    close: async () => {
      await Promise.all([automation.close(), session.close()]);
    },
  };
}

function transportsOf({ reading, ...options }: VsphereOptions): Transports {
  const reads = pLimit(PARALLEL_READS);
  const { transport: wanted = 'auto', nbdkit, processes } = reading ?? {};
  if (processes === undefined || (nbdkit === undefined && wanted !== 'nbd')) return { wanted, reads };
  const { url, ca, sha256, network, username, password, clock } = options;
  const to = endpointOf(url);
  const thumbprint = () => thumbprintOf(to, { ca, sha256, network });
  const login = { host: to.host, port: to.port, username, password, thumbprint, processes, clock };
  return { wanted, reads, vddk: { nbdkit: nbdkit ?? {}, ...login } };
}
