import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import type { Clock } from '../../src/io/ports.ts';
import { type LabCertificates, labCertificates } from '../../src/lab/tls.ts';
import { createCookieJar } from '../../src/vsphere/http/cookies.ts';
import { createHttp } from '../../src/vsphere/http/http.ts';
import { type OnCall, openSession, type Session } from '../../src/vsphere/soap/soap-session.ts';

/** What a request said. `method` is the SOAP method, or `GET` and the path without query. */
export interface Received {
  method: string;
  url: string;
  body: string;
  headers: IncomingMessage['headers'];
  /** How many of this method came before it. */
  nth: number;
}

/** Text: content of `<MethodResponse>`; an object: a whole HTTP answer; `cut`: the connection breaks. */
export type Reply =
  | string
  | 'cut'
  | { status: number; body?: string | Buffer; headers?: Record<string, string>; cutAfter?: boolean };
export type Script = Record<string, (call: Received) => Reply | Promise<Reply>>;

export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** The envelope as vCenter sends it (the form in the vSphere Web Services SDK programming guide). */
export const enveloped = (inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="${XSI}"><soapenv:Body>${inner}</soapenv:Body></soapenv:Envelope>`;

/** A fault as vCenter sends it: HTTP 500, the type twice (element name and xsi:type). */
export const fault = (type: string, detail = '', text = `${type} happened`): Reply => ({
  status: 500,
  body: enveloped(
    `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${text}</faultstring><detail><${type}Fault xmlns="urn:vim25" xsi:type="${type}">${detail}</${type}Fault></detail></soapenv:Fault>`,
  ),
});

export const CONTENT = `<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">propertyCollector</propertyCollector><viewManager type="ViewManager">ViewManager</viewManager><about><name>VMware vCenter Server</name><fullName>VMware vCenter Server 8.0.2 build-22617221</fullName><version>8.0.2</version><build>22617221</build><apiType>VirtualCenter</apiType><apiVersion>8.0.2.0</apiVersion><instanceUuid>7e1c8b6e-1b1c-4a44-9d5e-4f7f0a8f1c11</instanceUuid></about><sessionManager type="SessionManager">SessionManager</sessionManager></returnval>`;

/** The negotiation file, as in vSphere 8 (shortened). */
const VERSIONS = `<?xml version="1.0" encoding="UTF-8"?><namespaces version="1.0"><namespace><name>urn:vim25</name><version>8.0.2.0</version><priorVersions><version>7.0</version><version>6.7</version><version>6.5</version></priorVersions></namespace></namespaces>`;

let sessions = 0;
const BASE: Script = {
  'GET /sdk/vimServiceVersions.xml': () => ({ status: 200, body: VERSIONS }),
  RetrieveServiceContent: () => CONTENT,
  Login: () => ({
    status: 200,
    headers: { 'set-cookie': `vmware_soap_session="s${++sessions}"; Path=/; HttpOnly; Secure; ` },
    body: enveloped('<LoginResponse xmlns="urn:vim25"><returnval><key>k</key></returnval></LoginResponse>'),
  }),
  Logout: () => '',
  CreateContainerView: () => '<returnval type="ContainerView">session[1]view</returnval>',
  DestroyView: () => '',
  CreatePropertyCollector: () => '<returnval type="PropertyCollector">session[1]pc</returnval>',
  CreateFilter: () => '<returnval type="PropertyFilter">f</returnval>',
  DestroyPropertyCollector: () => '',
};

export interface ScriptedServer {
  url: string;
  port: number;
  certificates: LabCertificates;
  received: Received[];
  count(method: string): number;
}

let certificates: Promise<LabCertificates> | undefined;

async function makeCertificates(): Promise<LabCertificates> {
  const dir = await mkdtemp(join(tmpdir(), 'converge-test-'));
  const clock = { now: () => Date.now(), sleep: async () => {} };
  const made = await labCertificates(dir, clock, { bytes: n => randomBytes(n), uuid: () => randomUUID() });
  await rm(dir, { recursive: true });
  return made;
}

/** An HTTPS server that answers by script and knows nothing else. */
export async function scriptedServer(script: Script = {}, host = '127.0.0.1'): Promise<ScriptedServer> {
  certificates ??= makeCertificates();
  const { certPem, keyPem } = await certificates;
  const received: Received[] = [];
  const count = (method: string) => received.filter(r => r.method === method).length;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    const path = (request.url ?? '').replace(/\?.*/, '');
    const method =
      request.method === 'POST' ? (/<soapenv:Body><(\w+)/.exec(body)?.[1] ?? '?') : `GET ${path}`;
    const call = { method, url: request.url ?? '', body, headers: request.headers, nth: count(method) };
    received.push(call);
    const handler = { ...BASE, ...script }[method];
    const reply = handler ? await handler(call) : fault('MethodNotFound');
    if (reply === 'cut') return void request.socket.destroy();
    if (typeof reply === 'string') {
      return void response.end(
        enveloped(`<${method}Response xmlns="urn:vim25">${reply}</${method}Response>`),
      );
    }
    response.writeHead(reply.status, reply.headers);
    if (reply.cutAfter) return void response.write(reply.body, () => request.socket.destroy());
    response.end(reply.body);
  };
  const server = createServer({ cert: certPem, key: keyPem }, (q, s) => void answer(q, s));
  await new Promise<void>(done => server.listen(0, host, done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise(done => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://${host}:${port}`, port, certificates: await certificates, received, count };
}

/** A clock whose sleepers never wait; it remembers for how long they would have. */
export function quickClock(): Clock & { slept: number[] } {
  let now = Date.UTC(2026, 0, 1);
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export const PASSWORD = 'p<&>"ss wörd';

/** A logged-in session with a scripted server. */
export async function connected(
  script: Script = {},
  clock: Clock = quickClock(),
  onCall?: OnCall,
): Promise<{ server: ScriptedServer; session: Session }> {
  const server = await scriptedServer(script);
  const http = createHttp(
    { host: '127.0.0.1', port: server.port },
    { ca: server.certificates.caPem },
    createCookieJar(),
  );
  onTestFinished(() => http.close());
  const login = { username: 'svc-converge', password: async () => PASSWORD };
  return { server, session: await openSession(http, login, clock, onCall) };
}

/** The one diagnostic of the Failure that `work` ends with. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    e => e,
  );
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${error}`, { cause: error });
  return error;
}

/** The xsi:type of a value in a property. */
export const val = (type: string, content: string): string => `<val xsi:type="${type}">${content}</val>`;

/** An ObjectContent in the answer of RetrievePropertiesEx. */
export const object = (type: string, id: string, properties: Record<string, string>): string =>
  `<objects><obj type="${type}">${id}</obj>${Object.entries(properties)
    .map(([name, value]) => `<propSet><name>${name}</name>${value}</propSet>`)
    .join('')}</objects>`;
