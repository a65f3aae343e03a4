import { openPfx, thumbprintOf } from '../certificates/pfx.ts';
import { certificateKey, putCertificate, readStore } from '../certificates/store.ts';
import { failed, said } from '../console/console.ts';
import type { Machine } from '../machine/machine.ts';
import { readBindings } from '../netsh/sslcert.ts';
import { readRegistry } from '../registry/store.ts';
import { type Cmdlet, type Data, list, wrote } from './cmdlet.ts';

const wrongPassword = {
  en: 'The PFX file you are trying to import requires either a different password or membership in an Active Directory principal to which it is protected.',
  de: 'Die PFX-Datei, die Sie importieren möchten, erfordert ein anderes Kennwort.',
};

/** Get-ChildItem of the Cert: drive, Get-PfxData, and the bindings of HTTP.sys. */
export const readCertificates: Cmdlet = async ({ stores, pfx, bindings }, _, machine) => {
  const registry = await readRegistry(machine.files);
  const files = Array.isArray(pfx) ? (pfx as Data[]) : [];
  const opened = files.map(async file => {
    const certificate = await open(file, machine);
    return certificate
      ? { thumbprint: thumbprintOf(certificate) }
      : { error: wrongPassword[machine.language] };
  });
  return wrote({
    stores: list(stores).map(name => ({ name, certificates: readStore(registry, name) })),
    pfx: await Promise.all(opened),
    bindings: bindings === true ? readBindings(registry) : [],
  });
};

const open = async ({ path, password }: Data, { files }: Machine) =>
  openPfx((await files.read(String(path))) ?? Buffer.alloc(0), String(password));

/** Import-PfxCertificate, and its friendly name. */
export const importPfx: Cmdlet = async (data, _, machine) => {
  const certificate = await open(data, machine);
  if (!certificate) return failed(1, `Import-PfxCertificate : ${wrongPassword[machine.language]}\n`);
  const registry = await readRegistry(machine.files);
  putCertificate(registry, String(data.store), {
    thumbprint: thumbprintOf(certificate),
    label: String(data.label),
    hasKey: true,
    notAfter: new Date(certificate.validTo).toISOString().slice(0, 19),
  });
  await registry.save(machine.files);
  return said('');
};

/** The friendly name of a certificate, or Remove-Item of it. */
export const changeCertificate: Cmdlet = async ({ store, thumbprint, label }, _, { files }) => {
  const registry = await readRegistry(files);
  const is = readStore(registry, String(store)).find(one => one.thumbprint === thumbprint);
  if (!is) return failed(1, `Get-Item : Cannot find path 'Cert:\\LocalMachine\\${store}\\${thumbprint}'.\n`);
  if (label === undefined) registry.removeKey(certificateKey(String(store), is.thumbprint));
  else putCertificate(registry, String(store), { ...is, label: String(label) });
  await registry.save(files);
  return said('');
};
