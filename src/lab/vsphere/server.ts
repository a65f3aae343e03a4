import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '../../io/ports.ts';
import { createInventory } from './inventory/inventory.ts';
import { type Credentials, createSessions } from './inventory/sessions.ts';
import type { Vcenter } from './methods/method.ts';
import { serviceVersions, wsdl } from './soap/service-content.ts';
import { answerSoap } from './soap.ts';
import { answerAutomation, isAutomation } from './tagging.ts';
import { FROZEN, serveDatastore } from './world/datastore.ts';
import { createLeases, NFC } from './world/leases.ts';
import { openMachines } from './world/machines.ts';
import { createRules } from './world/rules.ts';
import { createSignal } from './world/signal.ts';
import { createTasks } from './world/tasks.ts';
import { createWorld, type VsphereWorld } from './world/world.ts';

export type { FaultRule } from './world/rules.ts';
export type { Hardware } from './world/state.ts';
export type { NewDisk, VmInfo, VsphereWorld } from './world/world.ts';

export interface VsphereOptions {
  /** Where the world lies; made when it isn't there. */
  dir: string;
  credentials: Credentials;
  /** PEM. */
  tls: { key: string; cert: string };
  clock: Clock;
  random: Random;
  /** Default: any free one. */
  port?: number;
}

export interface VsphereLab {
  /** `https://127.0.0.1:PORT`; the API is at `/sdk`, the datastore at `/folder`. */
  url: string;
  world: VsphereWorld;
  /** Ends connections, lets tasks finish, and closes the disks. */
  close(): Promise<void>;
}

/**
 * Serves a stand-in for a vCenter on loopback: SOAP API, datastore files, and a world whose disks have
 * real content. The world outlives the process, however that ends.
 */
export async function startVsphere(options: VsphereOptions): Promise<VsphereLab> {
  const { clock, random } = options;
  const signal = createSignal(clock);
  const rules = createRules();
  const machines = await openMachines(options.dir, { clock, random }, signal.raise);
  const tasks = createTasks(clock, rules, signal.raise);
  const sessions = createSessions(options.credentials, clock, random);
  let last = 0;
  const newId = () => `52${(++last).toString(16).padStart(6, '0')}-${random.bytes(4).toString('hex')}`;
  const leases = createLeases(machines, clock, newId);
  const vcenter: Vcenter = {
    leases,
    clock,
    machines,
    inventory: createInventory(machines, rules, tasks.recent),
    sessions,
    tasks,
    rules,
    newId,
    changed: signal.wait,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0]!;
    if (rules.strike('unavailable')) return void response.writeHead(503, { 'content-length': '0' }).end();
    if (path === '/sdk/vimServiceVersions.xml') return sendXml(response, serviceVersions());
    if (path === '/sdk/vimService.wsdl') return sendXml(response, wsdl());
    if (path === '/sdk' || path === '/sdk/') return answerSoap(vcenter, request, response);
    if (isAutomation(path)) return answerAutomation(machines, sessions, request, response);
    if (path.startsWith(NFC)) return leases.serve(request, response);
    if (path.startsWith('/folder/') || path === FROZEN) {
      if (!sessions.of(request.headers.cookie) && !sessions.basic(request.headers.authorization)) {
        return void response
          .writeHead(401, { 'www-authenticate': 'Basic realm="VMware HTTP server"', 'content-length': '0' })
          .end();
      }
      return serveDatastore(machines, rules, request, response);
    }
    response.writeHead(404, { 'content-length': '0' }).end();
  }

  const server = createServer({ ...options.tls, minVersion: 'TLSv1.2' }, (request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500, { 'content-length': '0' });
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world: createWorld(machines, rules, sessions.endAll),
    async close() {
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await tasks.settled();
      await machines.close();
    },
  };
}

function sendXml(response: ServerResponse, document: string): void {
  const bytes = Buffer.from(document);
  response.writeHead(200, { 'content-type': 'text/xml', 'content-length': String(bytes.length) }).end(bytes);
}
