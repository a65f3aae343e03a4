import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Asked, BuiltInType, Id, Observation, Step } from '../../../engine/model/resource-type.ts';
import {
  type Certificates,
  importPfx,
  labelCertificate,
  type Pfx,
  readCertificates,
  removeCertificate,
} from '../../../windows/security/certificates.ts';
import { ancestors, hostPath, writtenPath } from '../../host/paths/path.ts';
import { eachStep } from '../../shared/each-step.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { pathFirst } from '../../shared/path-first.ts';
import { writesRegistry } from '../../shared/realms.ts';
import { secret } from '../../shared/schema-parts.ts';

export interface CertificateState {
  store: string;
  label: string;
  thumbprint?: string;
}

export const thumbprintSchema = (description: string) =>
  Type.String({ description, pattern: '^[0-9A-Fa-f]{40}$' });
export const storeSchema = Type.String({
  description: 'Store of the machine that it is in, `My` (default) or `WebHosting`.',
  pattern: '^[A-Za-z0-9 ]+$',
});

const schema = Type.Object(
  {
    source: Type.String({
      description: 'A PFX file of this host, with the key and its certificate.',
      'x-path': 'host',
      minLength: 1,
    }),
    password: Type.Optional(secret({ description: 'What opens it.' })),
    store: Type.Optional(storeSchema),
    thumbprint: Type.Optional(
      thumbprintSchema(
        'Of the certificate (SHA-1), when it is known: then the file is read only to import it.',
      ),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type CertificateProperties = Static<typeof schema>;

export const certificate: BuiltInType<typeof schema, CertificateState> = {
  name: 'certificate',
  doc: `A certificate with its key in a store of this machine, imported from a PFX file. The title is its label.

Windows calls the label its friendly name; \`certificate_binding\` finds the newest one by it. A file with
another certificate is imported beside the old one, which stays. Once it is imported the file may go. The
password travels by stdin, never as an argument.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'certificates', concurrency: 1, alsoDirties: [...writesRegistry('certificates'), 'iis'] },
  identity: ({ store = 'My' }, title) => `${store}/${title}`.toLowerCase(),
  provides: ({ thumbprint }, id) => [
    `certificate:${labelOf(id)}`,
    ...(thumbprint === undefined ? [] : [`certificate:${thumbprint.toLowerCase()}`]),
  ],
  claims: ({ thumbprint }, id) =>
    thumbprint === undefined
      ? []
      : [
          {
            what: `the certificate ${thumbprint.toLowerCase()} in the store ${id.slice(0, id.indexOf('/'))}`,
            pointer: '/thumbprint',
            evenAbsent: true,
          },
        ],
  needs({ source }) {
    const path = hostPath(source, windows);
    return [{ anyOf: [path, ...ancestors(path)].map(one => `path:${one}`) }];
  },
  desired: ({ store = 'My', thumbprint }, id) => ({
    store,
    label: labelOf(id),
    ...(thumbprint !== undefined && { thumbprint: thumbprint.toUpperCase() }),
  }),
  async observe(asked, io) {
    try {
      return await look(asked, io);
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

const windows = { platform: 'win32', cwd: 'C:\\' } as const;
const labelOf = (id: Id): string => id.slice(id.indexOf('/') + 1);
const fileOf = ({ source }: CertificateProperties, io: ReadIo): string =>
  writtenPath(source, io).replaceAll('/', '\\');

const pfxOf = async (properties: CertificateProperties, io: ReadIo): Promise<Pfx> => ({
  path: fileOf(properties, io),
  password: properties.password ? await io.secret(properties.password) : '',
});

/** A file is opened, and its password asked for, only where it has to say which certificate is meant. */
async function look(
  asked: Asked<CertificateProperties>[],
  io: ReadIo,
): Promise<Map<Id, Observation<CertificateState>>> {
  const there = new Set<Id>();
  const opened: Id[] = [];
  const pfx: Pfx[] = [];
  for (const { id, properties } of asked) {
    if (!(await io.files.stat(fileOf(properties, io)))) continue;
    there.add(id);
    if (properties.thumbprint !== undefined) continue;
    opened.push(id);
    pfx.push(await pfxOf(properties, io));
  }
  const stores = asked.map(({ properties }) => properties.store ?? 'My');
  const found = await readCertificates(io, { stores, pfx });
  return new Map(
    asked.map(one => [
      one.id,
      observationOf(one, found, there.has(one.id), found.pfx[opened.indexOf(one.id)]),
    ]),
  );
}

function observationOf(
  { id, properties }: Asked<CertificateProperties>,
  { stores }: Certificates,
  isThere: boolean,
  file: Certificates['pfx'][number] | undefined,
): Observation<CertificateState> {
  const { store = 'My', source, thumbprint } = properties;
  if (file && 'error' in file) return { state: 'failed', diagnostic: unreadable(source, file.error) };
  const withKeys = (stores.get(store.toLowerCase()) ?? []).filter(({ hasKey }) => hasKey);
  const label = labelOf(id);
  const wanted = thumbprint ?? file?.thumbprint ?? newestWith(withKeys, label)?.thumbprint;
  const is = withKeys.find(one => one.thumbprint.toUpperCase() === wanted?.toUpperCase());
  if (is) {
    const same = is.label.toLowerCase() === label;
    return { state: 'present', value: { store, label: same ? label : is.label, thumbprint: is.thumbprint } };
  }
  return isThere ? { state: 'absent' } : pathFirst(hostPath(source, windows));
}

/** The newest certificate of a label, by the end of its validity; labels have no case. */
export const newestWith = <C extends { label: string; notAfter: string; hasKey: boolean }>(
  certificates: readonly C[],
  label: string,
): C | undefined =>
  certificates
    .filter(one => one.hasKey && one.label.toLowerCase() === label.toLowerCase())
    .toSorted((a, b) => (a.notAfter < b.notAfter ? 1 : -1))[0];

const unreadable = (source: string, why: string) =>
  world('pfx-unreadable', own`${source} can't be opened: ${why.replace(/\s+/g, ' ').trim()}`, {
    hint: own`check \`password:\`, and that it is a PFX file`,
  });

async function act(step: Step<CertificateProperties, CertificateState>, io: WriteIo): Promise<void> {
  const { title, properties } = step.asked;
  const { store = 'My' } = properties;
  if (step.kind === 'create') {
    const pfx = await pfxOf(properties, io);
    await refuseAnother(pfx, properties.thumbprint, io);
    return importPfx(io, { ...pfx, store, label: title });
  }
  const { thumbprint } = step.is;
  if (thumbprint === undefined)
    throw new Failure(world('certificate-gone', `\`${title}\` is not there any more`));
  if (step.kind === 'delete') return removeCertificate(io, store, thumbprint);
  return labelCertificate(io, { store, thumbprint, label: title });
}

/** The file has to hold the certificate that is declared. */
async function refuseAnother(pfx: Pfx, declared: string | undefined, io: ReadIo): Promise<void> {
  if (declared === undefined) return;
  const [file] = (await readCertificates(io, { pfx: [pfx] })).pfx;
  if (file && 'error' in file) throw new Failure(unreadable(pfx.path, file.error));
  if (file?.thumbprint.toUpperCase() === declared.toUpperCase()) return;
  const text = `${pfx.path} holds the certificate ${file?.thumbprint}, not the declared ${declared.toUpperCase()}`;
  throw new Failure(
    world('wrong-certificate', text, { hint: 'correct `thumbprint:`, or bring the right file' }),
  );
}
