import { malformed } from '../http/malformed.ts';
import { type Moref, moref, readMoref } from './moref.ts';
import { child, textAt, type XmlElement } from './xml.ts';

export interface About {
  /** "VMware vCenter Server 8.0.2 build-22617221". */
  fullName: string;
  version: string;
  build: string;
  /** `VirtualCenter`, or `HostAgent` for a single ESXi host. */
  apiType: string;
  apiVersion: string;
  /** Identity of a vCenter; absent on ESXi. */
  instanceUuid?: string;
}

/** The singletons that calls start from. */
export interface ServiceContent {
  about: About;
  rootFolder: Moref;
  propertyCollector: Moref;
  sessionManager: Moref;
  viewManager: Moref;
  /** Older servers have none. */
  authorizationManager?: Moref;
}

export const SERVICE_INSTANCE = moref('ServiceInstance', 'ServiceInstance');

/** Reads the answer of RetrieveServiceContent. */
export function readServiceContent(value: XmlElement | undefined): ServiceContent {
  const what = 'RetrieveServiceContent';
  const about = child(value, 'about');
  const text = (name: string) => textAt(about, name) ?? '';
  const apiVersion = textAt(about, 'apiVersion');
  if (apiVersion === undefined) throw malformed(what, 'about.apiVersion is missing');
  const instanceUuid = textAt(about, 'instanceUuid');
  const manager = (name: string) => readMoref(child(value, name), what);
  const authorization = child(value, 'authorizationManager');
  return {
    about: {
      fullName: text('fullName'),
      version: text('version'),
      build: text('build'),
      apiType: text('apiType'),
      apiVersion,
      ...(instanceUuid === undefined ? {} : { instanceUuid }),
    },
    rootFolder: manager('rootFolder'),
    propertyCollector: manager('propertyCollector'),
    sessionManager: manager('sessionManager'),
    viewManager: manager('viewManager'),
    ...(authorization && { authorizationManager: readMoref(authorization, what) }),
  };
}
