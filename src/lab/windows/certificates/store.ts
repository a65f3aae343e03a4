import type { Registry } from '../registry/store.ts';
import { text, textOf } from '../registry/values.ts';

const root = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SystemCertificates';

/** Where Windows keeps a certificate of the machine; its properties are a blob there, and text in the lab. */
export const certificateKey = (store: string, thumbprint: string): string =>
  `${root}\\${store}\\Certificates\\${thumbprint}`;

export interface LabCertificate {
  thumbprint: string;
  label: string;
  hasKey: boolean;
  /** `2030-01-31T00:00:00`, UTC. */
  notAfter: string;
}

const valueName = 'LabCertificate';

/** A key that somebody made with nothing in it stands for a certificate as well. */
export const readStore = (registry: Registry, store: string): LabCertificate[] =>
  registry.children(`${root}\\${store}\\Certificates`).map(key => ({
    label: '',
    hasKey: true,
    notAfter: '2000-01-01T00:00:00',
    ...(JSON.parse(textOf(registry.value(key, valueName)) ?? '{}') as Partial<LabCertificate>),
    thumbprint: key.slice(key.lastIndexOf('\\') + 1).toUpperCase(),
  }));

export const putCertificate = (registry: Registry, store: string, certificate: LabCertificate): void =>
  registry.set(certificateKey(store, certificate.thumbprint), text(valueName, JSON.stringify(certificate)));
