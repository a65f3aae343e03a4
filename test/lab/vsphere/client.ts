import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { labCertificates } from '../../../src/lab/tls.ts';
import { startVsphere, type VsphereLab } from '../../../src/lab/vsphere/server.ts';
import { type Element, parseXml } from '../../../src/lab/vsphere/soap/xml-reader.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';
import { inFolder } from '../disks/folder.ts';

const certificateClock = {
  now: () => Date.now(),
  sleep: () => Promise.reject(new Error('nobody sleeps here')),
};
const certificates = inFolder(dir => labCertificates(dir, certificateClock, new SeededRandom(process.pid)));
export const credentials = { username: 'root', password: 'p&ss"word' };

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** The connection ended before the promised length. */
  cut: boolean;
}

export interface Client {
  lab: VsphereLab;
  clock: SteppedClock;
  dir: string;
  cookie: string | undefined;
  /** Closes the server and opens the same world again. */
  restart(): Promise<void>;
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
  /** POSTs a method with `_this` of TYPE:ID; resolves to the response element. Rejects with SoapFault. */
  call(method: string, self: string, args?: string): Promise<Element>;
  login(): Promise<void>;
}

/** A fault: its type as `message`, its fields in `detail`. */
export class SoapFault extends Error {
  readonly detail: Element;
  readonly status: number;
  constructor(detail: Element, status: number) {
    super(detail.xsiType ?? '?');
    this.detail = detail;
    this.status = status;
  }
}

/** A lab of its own for the test that asks, gone when it has ended. */
export async function startClient(): Promise<Client> {
  const clock = new SteppedClock();
  const dir = await mkdtemp(join(tmpdir(), 'converge-vsphere-'));
  const random = new SeededRandom(dir);
  const { caPem, keyPem, certPem } = await certificates;
  const start = () => startVsphere({ dir, credentials, tls: { key: keyPem, cert: certPem }, clock, random });
  const client: Client = {
    lab: await start(),
    clock,
    dir,
    cookie: undefined,
    async restart() {
      await client.lab.close();
      client.lab = await start();
      client.cookie = undefined;
    },
    get: (path, headers = {}, method = 'GET') =>
      send(`${client.lab.url}${path}`, { ca: caPem, method, headers: { ...cookieOf(client), ...headers } }),
    async call(method, self, args = '') {
      const [type, ...id] = self.split(':');
      const body = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><e:Body><v:${method} xmlns:v="urn:vim25" xmlns="urn:vim25"><_this type="${type}">${id.join(':')}</_this>${args}</v:${method}></e:Body></e:Envelope>`;
      const answer = await send(
        `${client.lab.url}/sdk`,
        { ca: caPem, method: 'POST', headers: cookieOf(client) },
        body,
      );
      const set = answer.headers['set-cookie']?.[0];
      if (set) client.cookie = set;
      const element = parseXml(answer.body.toString()).children[0]!.children[0]!;
      if (element.name !== 'Fault') return element;
      throw new SoapFault(pick(element, 'detail')!.children[0]!, answer.status);
    },
    async login() {
      await client.call('Login', 'SessionManager:SessionManager', loginArgs());
    },
  };
  onTestFinished(async () => {
    await client.lab.close();
    await rm(dir, { recursive: true, force: true });
  });
  return client;
}

export const loginArgs = ({ username, password } = credentials): string =>
  `<userName>${username}</userName><password>${password.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}</password>`;

const cookieOf = (client: Client): Record<string, string> => (client.cookie ? { cookie: client.cookie } : {});

export const pick = (element: Element, ...path: string[]): Element | undefined =>
  path.reduce<Element | undefined>((at, name) => at?.children.find(child => child.name === name), element);

export const pickAll = (element: Element | undefined, name: string): Element[] =>
  element?.children.filter(child => child.name === name) ?? [];

/** One property of one object, as the `val` element. */
export async function property(client: Client, self: string, path: string): Promise<Element | undefined> {
  const answer = await client.call(
    'RetrievePropertiesEx',
    'PropertyCollector:propertyCollector',
    `${specOf(self, path)}<options/>`,
  );
  const objects = pick(answer, 'returnval', 'objects');
  return objects && pick(objects, 'propSet', 'val');
}

export const specOf = (self: string, ...paths: string[]): string => {
  const [type, id] = self.split(':');
  return `<specSet><propSet><type>${type}</type>${paths.map(path => `<pathSet>${path}</pathSet>`).join('')}</propSet><objectSet><obj type="${type}">${id}</obj></objectSet></specSet>`;
};

/** Starts a task and resolves to its `info` when it has ended. */
export async function runTask(client: Client, method: string, self: string, args = ''): Promise<Element> {
  const started = await client.call(method, self, args);
  return taskEnd(client, pick(started, 'returnval')!.text);
}

export async function taskEnd(client: Client, id: string): Promise<Element> {
  for (;;) {
    const info = (await property(client, `Task:${id}`, 'info'))!;
    if (['success', 'error'].includes(pick(info, 'state')!.text)) return info;
  }
}

/** Takes a snapshot; resolves to its id and the first disk as it froze it. */
export async function takeSnapshot(client: Client, vm: string, name = 'one', quiesce = false) {
  const info = await runTask(
    client,
    'CreateSnapshot_Task',
    `VirtualMachine:${vm}`,
    `<name>${name}</name><memory>false</memory><quiesce>${quiesce}</quiesce>`,
  );
  const id = pick(info, 'result')!.text;
  return { id, ...(await frozenDisk(client, id)) };
}

export async function frozenDisk(client: Client, snapshot: string, key = 2000) {
  const devices = await property(client, `VirtualMachineSnapshot:${snapshot}`, 'config.hardware.device');
  const disk = devices!.children.find(device => pick(device, 'key')!.text === String(key))!;
  return {
    file: pick(disk, 'backing', 'fileName')!.text,
    changeId: pick(disk, 'backing', 'changeId')?.text,
    hasParent: pick(disk, 'backing', 'parent') !== undefined,
    capacity: Number(pick(disk, 'capacityInBytes')!.text),
  };
}

/** One answer of QueryChangedDiskAreas. */
export async function query(
  client: Client,
  vm: string,
  snapshot: string | undefined,
  changeId: string,
  startOffset = 0,
  key = 2000,
) {
  const value = pick(
    await client.call(
      'QueryChangedDiskAreas',
      `VirtualMachine:${vm}`,
      `${snapshot ? `<snapshot type="VirtualMachineSnapshot">${snapshot}</snapshot>` : ''}<deviceKey>${key}</deviceKey><startOffset>${startOffset}</startOffset><changeId>${changeId}</changeId>`,
    ),
    'returnval',
  )!;
  return {
    startOffset: Number(pick(value, 'startOffset')!.text),
    length: Number(pick(value, 'length')!.text),
    areas: pickAll(value, 'changedArea').map(area => [
      Number(pick(area, 'start')!.text),
      Number(pick(area, 'length')!.text),
    ]),
  };
}

function send(
  url: string,
  options: { ca: string; method: string; headers: Record<string, string> },
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, response => {
      const chunks: Buffer[] = [];
      const done = (cut: boolean) =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks),
          cut,
        });
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () => done(false));
      response.on('error', () => done(true));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
