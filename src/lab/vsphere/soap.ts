import type { IncomingMessage, ServerResponse } from 'node:http';
import { COOKIE } from './inventory/sessions.ts';
import type { Call, Vcenter } from './methods/method.ts';
import { methods, openMethods } from './methods/methods.ts';
import { objectsOf } from './objects.ts';
import { notAuthenticated, notFound, VimFault } from './soap/faults.ts';
import { text } from './soap/vim.ts';
import { childOf, type Element, parseXml, refOf } from './soap/xml-reader.ts';
import { envelope, escapeXml, writeFields, writeValue } from './soap/xml-writer.ts';

const LARGEST_REQUEST = 4 << 20;

/** Answers one POST to /sdk, whatever SOAPAction it names: the body's element says the method. */
export async function answerSoap(
  vcenter: Vcenter,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST')
    return void response.writeHead(405, { allow: 'POST', 'content-length': '0' }).end();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const headers: Record<string, string> = {};
  let status = 200;
  let body: string;
  try {
    const element = await readBody(request);
    body = await callMethod(vcenter, element, request, gone.signal, headers);
  } catch (error) {
    status = 500;
    body = faultBody(
      error instanceof VimFault ? error : new VimFault('SystemError', (error as Error).message),
    );
  }
  const bytes = Buffer.from(envelope(body));
  response.writeHead(status, {
    'content-type': 'text/xml; charset=utf-8',
    'cache-control': 'no-cache',
    'content-length': String(bytes.length),
    ...headers,
  });
  response.end(bytes);
}

async function callMethod(
  vcenter: Vcenter,
  element: Element,
  request: IncomingMessage,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<string> {
  const method = element.name;
  const self = refOf(element, '_this');
  if (!self) throw invalidRequest(`${method} names no object (_this)`);
  await vcenter.leases.sweep();
  const session = vcenter.sessions.of(request.headers.cookie);
  const find = objectsOf(vcenter, session);
  const call: Call = {
    method,
    self,
    args: element,
    session,
    signal,
    find,
    setCookie: value => {
      headers['set-cookie'] = `${COOKIE}="${value}"; Path=/; HttpOnly; Secure`;
    },
  };
  const open = openMethods[method];
  const closed = methods[method];
  if (!open && !session) throw notAuthenticated();
  if (!open && !closed) {
    throw new VimFault('MethodNotFound', `The lab has no method ${method}.`, {
      receiver: self,
      method: text(method),
    });
  }
  if (!find(self)) throw notFound(self);
  const value = open ? await open(vcenter, call) : await closed!(vcenter, { ...call, session: session! });
  return `<${method}Response xmlns="urn:vim25">${writeValue('returnval', value)}</${method}Response>`;
}

async function readBody(request: IncomingMessage): Promise<Element> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_REQUEST) throw invalidRequest('the request is too large');
    chunks.push(chunk);
  }
  let found: Element | undefined;
  try {
    found = childOf(parseXml(Buffer.concat(chunks).toString()), 'Body')?.children[0];
  } catch (error) {
    throw invalidRequest((error as Error).message);
  }
  if (!found) throw invalidRequest('the envelope has no body');
  return found;
}

const invalidRequest = (why: string) => new VimFault('InvalidRequest', `Unable to parse the request: ${why}`);

const faultBody = ({ fault, message }: VimFault): string =>
  '<soapenv:Fault><faultcode>ServerFaultCode</faultcode>' +
  `<faultstring>${escapeXml(message)}</faultstring><detail>` +
  `<${fault.data}Fault xmlns="urn:vim25" xsi:type="${fault.data}">${writeFields(fault)}</${fault.data}Fault>` +
  '</detail></soapenv:Fault>';
