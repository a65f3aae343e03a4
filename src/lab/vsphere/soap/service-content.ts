import { type Data, data, ref, text } from './vim.ts';

const VERSION = '7.0.3';

/** Newest first; what a client knows best decides which it speaks. Fields newer than 6.7 are never sent. */
const PRIOR = [
  '7.0',
  '6.9.1',
  '6.8.7',
  '6.7.3',
  '6.7.2',
  '6.7.1',
  '6.7',
  '6.5',
  '6.0',
  '5.5',
  '5.1',
  '5.0',
  '4.1',
  '4.0',
];

export const serviceContent = (instanceUuid: string): Data =>
  data('ServiceContent', {
    rootFolder: ref('Folder', 'group-d1'),
    propertyCollector: ref('PropertyCollector', 'propertyCollector'),
    viewManager: ref('ViewManager', 'ViewManager'),
    about: data('AboutInfo', {
      name: text('VMware vCenter Server'),
      fullName: text(`VMware vCenter Server ${VERSION} build-20395099 (a stand-in)`),
      vendor: text('VMware, Inc.'),
      version: text(VERSION),
      build: text('20395099'),
      localeVersion: text('INTL'),
      localeBuild: text('000'),
      osType: text('linux-x64'),
      productLineId: text('vpx'),
      apiType: text('VirtualCenter'),
      apiVersion: text(`${VERSION}.0`),
      instanceUuid: text(instanceUuid),
      licenseProductName: text('VMware VirtualCenter Server'),
      licenseProductVersion: text('7.0'),
    }),
    sessionManager: ref('SessionManager', 'SessionManager'),
    authorizationManager: ref('AuthorizationManager', 'AuthorizationManager'),
    taskManager: ref('TaskManager', 'TaskManager'),
    searchIndex: ref('SearchIndex', 'SearchIndex'),
  });

export const serviceVersions = (): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<namespaces version="1.0">\n <namespace>\n  <name>urn:vim25</name>\n' +
  `  <version>${VERSION}.0</version>\n  <priorVersions>\n` +
  PRIOR.map(version => `   <version>${version}</version>\n`).join('') +
  '  </priorVersions>\n </namespace>\n</namespaces>\n';

export const wsdl = (): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<definitions targetNamespace="urn:vim25Service" xmlns="http://schemas.xmlsoap.org/wsdl/">\n' +
  ' <import location="vim.wsdl" namespace="urn:vim25"/>\n</definitions>\n';
