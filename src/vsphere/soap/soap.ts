import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { HttpClient } from '../http/http.ts';
import { malformed } from '../http/malformed.ts';
import { readSoapFault } from './faults.ts';
import { type Moref, ref } from './moref.ts';
import { child, childrenNamed, parseXml, type XmlElement, XmlError, XSI } from './xml.ts';
import { el, type Outgoing, writeXml } from './xml-writer.ts';

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const VIM = 'urn:vim25';
const MAX_ANSWER = 64 * 1024 * 1024;

/** One method of the vSphere Web Services API on one managed object. */
export interface SoapCall {
  method: string;
  self: Moref;
  /** In the order of the API's schema. */
  args?: Outgoing[];
  /** Milliseconds without traffic. */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

/** The request document of a call. */
const envelope = (call: Pick<SoapCall, 'method' | 'self' | 'args'>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${writeXml(
    el(
      'soapenv:Envelope',
      [
        el('soapenv:Body', [
          el(call.method, [ref('_this', call.self), ...(call.args ?? [])], { xmlns: VIM }),
        ]),
      ],
      { 'xmlns:soapenv': SOAP, 'xmlns:xsi': XSI },
    ),
  )}`;

/**
 * POSTs one call to /sdk and returns its `returnval` elements (none for void).
 * @param version API version that the server speaks, for SOAPAction
 * @throws VimFault what the server raised; Failure for everything below SOAP
 */
export async function post(http: HttpClient, version: string, call: SoapCall): Promise<XmlElement[]> {
  const answer = await http.send({
    method: 'POST',
    path: '/sdk',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"urn:vim25/${version}"` },
    body: envelope(call),
    signal: call.signal,
    ...(call.timeout === undefined ? {} : { timeout: call.timeout }),
  });
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) {
    answer.discard();
    throw new Failure(
      world(
        'vsphere-unavailable',
        `The vSphere server at ${http.where} is not ready: HTTP ${answer.status}.`,
        {
          hint: 'Its services may be starting or overloaded; run again in a few minutes.',
        },
      ),
    );
  }
  return readAnswer(http.where, call.method, answer.status, (await answer.body(MAX_ANSWER)).toString('utf8'));
}

function readAnswer(where: string, method: string, status: number, text: string): XmlElement[] {
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    if (status === 200 && /^\s*<\?xml/.test(text))
      throw malformed(method, `not well-formed XML, ${error.message}`);
    throw notAServer(where, status);
  }
  const body = root.namespace === SOAP && root.name === 'Envelope' ? child(root, 'Body') : undefined;
  if (!body) throw notAServer(where, status);
  const fault = body.children.find(c => c.namespace === SOAP && c.name === 'Fault');
  if (fault) throw readSoapFault(fault);
  const response = body.children.find(c => c.name === `${method}Response`);
  if (!response || status !== 200) throw malformed(method, `HTTP ${status} without a ${method}Response`);
  return childrenNamed(response, 'returnval');
}

/** Something answers there, and it is not a vSphere server: a web page, a proxy, another product. */
export const notAServer = (where: string, status: number): Failure =>
  new Failure(
    world(
      'vsphere-not-a-server',
      `What answers at ${where} is not a vSphere server (HTTP ${status} without SOAP).`,
      {
        hint: "Check the target's url: it is that of vCenter or ESXi itself, for example https://vcenter.example.com.",
      },
    ),
  );
