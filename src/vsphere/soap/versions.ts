import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { HttpClient } from '../http/http.ts';
import { notAServer } from './soap.ts';
import { child, childrenNamed, parseXml, textAt, type XmlElement, XmlError } from './xml.ts';

/** Oldest API that is spoken; it has every call used here. */
const OLDEST = '6.5';
/** In order of preference: the version whose answers the code was written against comes first. */
const KNOWN = ['6.7', '7.0', '6.5'];
/** Of each of the first calls, which tell what takes no time to find. Milliseconds without traffic. */
export const OPENING_TIMEOUT = 30_000;
const MAX_LIST = 1024 * 1024;

/**
 * The API version to use, out of what the server lists in /sdk/vimServiceVersions.xml (the file
 * that govmomi and pyvmomi negotiate by). A server without the file gets the oldest one.
 * @throws Failure `vsphere-not-a-server`
 */
export async function negotiateVersion(http: HttpClient, signal?: AbortSignal): Promise<string> {
  const path = '/sdk/vimServiceVersions.xml';
  const answer = await http.send({ method: 'GET', path, timeout: OPENING_TIMEOUT, signal });
  if (answer.status !== 200) {
    answer.discard();
    return OLDEST;
  }
  const text = (await answer.body(MAX_LIST)).toString('utf8');
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (error) {
    throw error instanceof XmlError ? notAServer(http.where, 200) : error;
  }
  const vim = childrenNamed(root, 'namespace').find(n => textAt(n, 'name')?.trim() === 'urn:vim25');
  if (!vim) throw notAServer(http.where, 200);
  const current = textAt(vim, 'version')?.trim() ?? OLDEST;
  const prior = childrenNamed(child(vim, 'priorVersions'), 'version').map(v => v.text.trim());
  return KNOWN.find(v => v === current || prior.includes(v)) ?? current;
}

/**
 * @param apiVersion `about.apiVersion`, e.g. `8.0.2.0`
 * @throws Failure `vsphere-too-old`
 */
export function requireVersion(apiVersion: string, product: string): void {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  const [needMajor = 0, needMinor = 0] = OLDEST.split('.').map(Number);
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new Failure(
    world('vsphere-too-old', `${product} speaks API ${apiVersion}; converge needs ${OLDEST} or newer.`, {
      hint: 'Upgrade vCenter, or connect to one that manages the host.',
    }),
  );
}
