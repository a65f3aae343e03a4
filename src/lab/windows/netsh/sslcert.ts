import { certificateKey } from '../certificates/store.ts';
import { failedAloud, said, type Text } from '../console/console.ts';
import type { Answer, Machine } from '../machine/machine.ts';
import { type Registry, readRegistry } from '../registry/store.ts';
import { binary, dword, text, textOf } from '../registry/values.ts';

/** Where HTTP.sys keeps its certificates: by `IP:PORT`, or below any name with `HostnamePort` as a value. */
const byAddress = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslBindingInfo';
const byName = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslSniBindingInfo';

const reasons: Record<number, Text> = {
  2: {
    en: 'The system cannot find the file specified.',
    de: 'Das System kann die angegebene Datei nicht finden.',
  },
  87: { en: 'The parameter is incorrect.', de: 'Falscher Parameter.' },
  183: {
    en: 'Cannot create a file when that file already exists.',
    de: 'Eine Datei kann nicht erstellt werden, wenn sie bereits vorhanden ist.',
  },
  1312: {
    en: 'A specified logon session does not exist. It may already have been terminated.',
    de: 'Eine angegebene Anmeldesitzung ist nicht vorhanden. Sie wurde gegebenenfalls bereits beendet.',
  },
};

/** `netsh http add|delete|update|show sslcert`. */
export async function sslcert(
  verb: string,
  pairs: Record<string, string>,
  { files, language, random }: Machine,
): Promise<Answer> {
  const registry = await readRegistry(files);
  const refuse = (what: string, code: number) =>
    failedAloud(1, `\nSSL Certificate ${what} failed, Error: ${code}\n${reasons[code]![language]}\n\n`);
  const { ipport, hostnameport } = pairs;
  const endpoint = hostnameport ?? ipport;
  if (verb === 'show') return show(registry, endpoint, refuse);
  const key =
    endpoint === undefined ? undefined : keyOf(registry, endpoint, hostnameport !== undefined, random.uuid());
  const what = { add: 'add', update: 'update', delete: 'deletion' }[verb];
  if (what === undefined || key === undefined) return refuse(what ?? verb, 87);
  if (verb === 'delete') {
    if (!registry.removeKey(key)) return refuse(what, 2);
  } else {
    const { certhash = '', appid = '', certstorename = 'MY' } = pairs;
    const isGuid = /^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/i.test(appid);
    // SNI has no store of its own: the name must be given there.
    const noStore = hostnameport !== undefined && pairs.certstorename === undefined;
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(certhash) || !isGuid || noStore) return refuse(what, 87);
    if (verb === 'add' && registry.has(key)) return refuse(what, 183);
    if (verb === 'update' && !registry.has(key)) return refuse(what, 2);
    if (!registry.has(certificateKey(certstorename, certhash))) return refuse(what, 1312);
    registry.set(key, binary('SslCertHash', Buffer.from(certhash, 'hex')));
    registry.set(key, binary('AppId', guidBytes(appid)));
    if (hostnameport !== undefined) registry.set(key, text('HostnamePort', hostnameport));
    registry.set(key, text('SslCertStoreName', certstorename));
    registry.set(key, dword('DefaultFlags', pairs.clientcertnegotiation === 'enable' ? 2 : 0));
  }
  await registry.save(files);
  const past = { add: 'added', update: 'updated', delete: 'deleted' }[verb];
  return said(
    language === 'de'
      ? '\nDas SSL-Zertifikat wurde erfolgreich bearbeitet.\n\n'
      : `\nSSL Certificate successfully ${past}\n\n`,
  );
}

function keyOf(registry: Registry, endpoint: string, named: boolean, uuid: string): string | undefined {
  const good = named
    ? /^[a-z0-9*][a-z0-9.*-]*:\d{1,5}$/i
    : /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\]):\d{1,5}$/i;
  if (!good.test(endpoint)) return undefined;
  if (!named) return `${byAddress}\\${endpoint}`;
  const known = registry.children(byName).find(key => endpointOf(registry, key) === endpoint.toLowerCase());
  return known ?? `${byName}\\{${uuid}}`;
}

const endpointOf = (registry: Registry, key: string): string =>
  (textOf(registry.value(key, 'HostnamePort')) ?? key.slice(key.lastIndexOf('\\') + 1)).toLowerCase();

/** As Windows lays a GUID out in memory: its first three numbers are little-endian. */
function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replace(/[{}-]/g, ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

function guidOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length !== 16) return '';
  const whole = guidBytes(bytes.toString('hex')).toString('hex');
  return `{${whole.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}}`;
}

const bytesOf = (registry: Registry, key: string, name: string): string => {
  const value = registry.value(key, name);
  return value?.type === 'REG_BINARY' ? value.data : '';
};

/** All bindings, as the registry has them. */
export const readBindings = (registry: Registry) =>
  [byAddress, byName].flatMap(root =>
    registry.children(root).map(key => ({
      byName: root === byName,
      endpoint: endpointOf(registry, key),
      thumbprint: bytesOf(registry, key, 'SslCertHash'),
      store: textOf(registry.value(key, 'SslCertStoreName')) ?? '',
    })),
  );

function show(
  registry: Registry,
  endpoint: string | undefined,
  refuse: (what: string, code: number) => Answer,
): Answer {
  const keys = [byAddress, byName]
    .flatMap(root => registry.children(root))
    .filter(key => endpoint === undefined || endpointOf(registry, key) === endpoint.toLowerCase());
  if (keys.length === 0 && endpoint !== undefined) return refuse('lookup', 2);
  const blocks = keys.map(key => {
    const label = key.startsWith(byName) ? 'Hostname:port' : 'IP:port';
    const negotiates = registry.value(key, 'DefaultFlags')?.data === '2' ? 'Enabled' : 'Disabled';
    return [
      `    ${label.padEnd(28)} : ${endpointOf(registry, key)}`,
      `    Certificate Hash             : ${bytesOf(registry, key, 'SslCertHash').toLowerCase()}`,
      `    Application ID               : ${guidOf(bytesOf(registry, key, 'AppId'))}`,
      `    Certificate Store Name       : ${textOf(registry.value(key, 'SslCertStoreName')) ?? '(null)'}`,
      `    Negotiate Client Certificate : ${negotiates}`,
    ].join('\n');
  });
  return said(`\nSSL Certificate bindings: \n------------------------- \n\n${blocks.join('\n\n')}\n\n`);
}
