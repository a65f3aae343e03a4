import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { readPowershell, runPowershell } from '../tools/powershell.ts';

export interface StoredCertificate {
  /** SHA-1 in upper case hexadecimal. */
  thumbprint: string;
  /** Its "friendly name", ''  when it has none. */
  label: string;
  hasKey: boolean;
  /** RFC 3339 without a zone, UTC. */
  notAfter: string;
}

/** What HTTP.sys shows to whom. */
export interface SslBinding {
  /** `HOST:PORT` chosen by name (SNI), else `IP:PORT`. */
  endpoint: string;
  byName: boolean;
  thumbprint: string;
  /** '' stands for MY. */
  store: string;
}

/** A file with a key and its certificate, and the password that opens it; '' for none. */
export interface Pfx {
  path: string;
  password: string;
}

export interface Certificates {
  /** By store's name in lower case; a store that isn't there has none. */
  stores: Map<string, StoredCertificate[]>;
  /** In the order asked for: the thumbprint of the certificate that the key is for, or why not. */
  pfx: ({ thumbprint: string } | { error: string })[];
  bindings: SslBinding[];
}

const secure =
  "function Pfx($f) { $a = @{ FilePath = $f.path }; if ($f.password -ne '') { " +
  '$a.Password = ConvertTo-SecureString -String $f.password -AsPlainText -Force } $a } ';
const store = "('Cert:\\LocalMachine\\' + ";

/**
 * The bindings come from the registry: `netsh http show sslcert` is in the language of the machine. Those
 * by name are below keys that say nothing, with the name as a value.
 */
const reading = [
  secure,
  `$s = @(foreach ($n in $d.stores) { $p = ${store}$n); @{ name = $n; certificates = @(if (Test-Path -LiteralPath $p) {`,
  'Get-ChildItem -LiteralPath $p | ForEach-Object { @{ thumbprint = $_.Thumbprint; label = [string]$_.FriendlyName;',
  "hasKey = [bool]$_.HasPrivateKey; notAfter = $_.NotAfter.ToUniversalTime().ToString('s') } } }) } });",
  '$x = @(foreach ($f in $d.pfx) { $a = Pfx $f; try {',
  '@{ thumbprint = @((Get-PfxData @a).EndEntityCertificates)[0].Thumbprint } } catch { @{ error = $_.Exception.Message } } });',
  "$k = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\';",
  "$b = @(if ($d.bindings) { foreach ($t in 'SslBindingInfo', 'SslSniBindingInfo') { if (Test-Path -LiteralPath ($k + $t)) {",
  "Get-ChildItem -LiteralPath ($k + $t) | ForEach-Object { $h = $_.GetValue('SslCertHash'); if ($h) { @{",
  "byName = ($t -eq 'SslSniBindingInfo'); endpoint = [string]$_.GetValue('HostnamePort', $_.PSChildName);",
  "thumbprint = [BitConverter]::ToString([byte[]]$h).Replace('-', ''); store = [string]$_.GetValue('SslCertStoreName') } } } } } });",
  'Out-Data @{ stores = $s; pfx = $x; bindings = $b }',
].join(' ');

/** Everything about certificates in one process. Rejects with a Failure (world). */
export async function readCertificates(
  io: ReadIo,
  { stores = [], pfx = [], bindings = false }: { stores?: string[]; pfx?: Pfx[]; bindings?: boolean },
): Promise<Certificates> {
  const names = [...new Map(stores.map(name => [name.toLowerCase(), name])).values()];
  const found = await readPowershell<{
    stores: { name: string; certificates: StoredCertificate[] }[];
    pfx: Certificates['pfx'];
    bindings: SslBinding[];
  }>(
    io,
    reading,
    { stores: names, pfx: pfx.map(({ path, password }) => ({ path, password })), bindings },
    'reading certificates',
  );
  return {
    ...found,
    stores: new Map(found.stores.map(({ name, certificates }) => [name.toLowerCase(), certificates])),
  };
}

/**
 * Puts the key and certificate into a store of the machine and labels it; the key can't be exported again.
 */
export async function importPfx(
  io: WriteIo,
  { path, password, store: name, label }: Pfx & { store: string; label: string },
): Promise<void> {
  await io.step(`import ${path}`);
  const script = [
    `${secure}$a = Pfx $d; $p = ${store}$d.store); $c = @(Import-PfxCertificate @a -CertStoreLocation $p |`,
    "Where-Object { $_.HasPrivateKey })[0]; (Get-Item -LiteralPath ($p + '\\' + $c.Thumbprint)).FriendlyName = $d.label",
  ].join(' ');
  await runPowershell(io, script, { path, password, store: name, label }, `importing ${path}`);
}

const item = `${store}$d.store + '\\' + $d.thumbprint)`;

/** Gives a certificate another label. */
export async function labelCertificate(
  io: WriteIo,
  { store: name, thumbprint, label }: { store: string; thumbprint: string; label: string },
): Promise<void> {
  await io.step(`label ${thumbprint}`);
  const script = `(Get-Item -LiteralPath ${item}).FriendlyName = $d.label`;
  await runPowershell(io, script, { store: name, thumbprint, label }, `labelling certificate ${thumbprint}`);
}

/** Removes a certificate with its key. */
export async function removeCertificate(io: WriteIo, name: string, thumbprint: string): Promise<void> {
  await io.step(`remove certificate ${thumbprint}`);
  const script = `Remove-Item -LiteralPath ${item} -DeleteKey`;
  await runPowershell(io, script, { store: name, thumbprint }, `removing certificate ${thumbprint}`);
}
