import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Observation, Step } from '../../../engine/model/resource-type.ts';
import { type Certificates, readCertificates } from '../../../windows/security/certificates.ts';
import { netsh } from '../../../windows/security/netsh.ts';
import { isByName, sslEndpoint } from '../../../windows/security/ssl-endpoint.ts';
import { eachStep } from '../../shared/each-step.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesRegistry } from '../../shared/realms.ts';
import { newestWith, storeSchema, thumbprintSchema } from './certificate.ts';

export interface BindingState {
  thumbprint?: string;
  /** The label, when it is the newest of that label that is bound; else its thumbprint. */
  certificate?: string;
  store: string;
}

const schema = Type.Object(
  {
    thumbprint: Type.Optional(thumbprintSchema('The certificate, by its thumbprint (SHA-1).')),
    certificate: Type.Optional(
      Type.String({
        description: 'The certificate, by its label: the title of a `certificate`, or a friendly name.',
        minLength: 1,
      }),
    ),
    store: Type.Optional(storeSchema),
  },
  { additionalProperties: false },
);

/** As written. */
export type BindingProperties = Static<typeof schema>;

export const certificateBinding: BuiltInType<typeof schema, BindingState> = {
  name: 'certificate_binding',
  doc: `Which certificate Windows shows on a port. The title is \`host:port\` (SNI), \`ip:port\` or \`*:port\`.

It belongs to HTTP.sys, beneath IIS: a site needs an https binding in \`iis_site\` as well, with \`ssl_flags: 1\` for
SNI. With \`certificate: LABEL\` a renewed certificate of that label is bound as soon as it is there.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'certificates', concurrency: 1, alsoDirties: [...writesRegistry('certificates'), 'iis'] },
  check({ thumbprint, certificate }, title) {
    const isOne = (thumbprint === undefined) !== (certificate === undefined);
    const message = 'a binding has either `thumbprint` or `certificate`';
    const hint = 'write `www.example.com:443`, `10.0.0.5:443`, `[::]:443` or `*:443`';
    return [
      ...(sslEndpoint(title) === undefined
        ? [mistake('', 'wrong-name', `\`${title}\` doesn't name a port`, hint)]
        : []),
      ...(isOne
        ? []
        : [
            mistake(
              certificate === undefined ? '' : '/certificate',
              'contradiction',
              message,
              'write one of the two',
            ),
          ]),
    ];
  },
  identity: (_, title) => sslEndpoint(title) ?? title,
  needs: ({ thumbprint, certificate }) => [
    certificate === undefined
      ? { anyOf: [`certificate:${thumbprint?.toLowerCase()}`] }
      : { anyOf: [`certificate:${certificate.toLowerCase()}`], fresh: '/certificate' },
  ],
  desired: ({ thumbprint, certificate, store = 'My' }) => ({
    ...(thumbprint !== undefined && { thumbprint: thumbprint.toUpperCase() }),
    ...(certificate !== undefined && { certificate }),
    store,
  }),
  async observe(asked, io) {
    try {
      const stores = asked.map(({ properties }) => properties.store ?? 'My');
      const found = await readCertificates(io, { stores, bindings: true });
      return new Map(asked.map(one => [one.id, look(one, found)]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

/** What is declared has to be in the store: else something pending brings it, or nothing does. */
function look({ id, properties }: Asked<BindingProperties>, found: Certificates): Observation<BindingState> {
  const { store = 'My', certificate } = properties;
  const wanted = thumbprintOf(properties, found);
  if (wanted === undefined) {
    const name = certificate ?? properties.thumbprint ?? '';
    return { state: 'unknown', waitsFor: `certificate:${name.toLowerCase()}` };
  }
  const binding = found.bindings.find(
    ({ endpoint, byName }) => byName === isByName(id) && endpoint.toLowerCase() === id,
  );
  if (!binding) return { state: 'absent' };
  const thumbprint = binding.thumbprint.toUpperCase();
  const in_ = binding.store || 'My';
  return {
    state: 'present',
    value: {
      thumbprint,
      ...(certificate !== undefined && { certificate: thumbprint === wanted ? certificate : thumbprint }),
      store: in_.toLowerCase() === store.toLowerCase() ? store : in_,
    },
  };
}

/** Of the declared certificate, if it is in its store with its key. */
function thumbprintOf(
  { thumbprint, certificate, store = 'My' }: BindingProperties,
  { stores }: Certificates,
): string | undefined {
  const there = stores.get(store.toLowerCase()) ?? [];
  if (certificate !== undefined) return newestWith(there, certificate)?.thumbprint;
  return there.find(one => one.hasKey && one.thumbprint === thumbprint?.toUpperCase())?.thumbprint;
}

/** By which IIS knows its own bindings. */
const iis = '{4dc3e181-e14b-4a21-b022-59fc669b0914}';

async function act(step: Step<BindingProperties, BindingState>, io: WriteIo): Promise<void> {
  const where = `${isByName(step.id) ? 'hostnameport' : 'ipport'}=${step.id}`;
  const what = `the certificate of ${step.id}`;
  if (step.kind === 'delete') return netsh(io, ['http', 'delete', 'sslcert', where], what);
  const { properties } = step.asked;
  const { store = 'My' } = properties;
  const thumbprint =
    properties.thumbprint ?? thumbprintOf(properties, await readCertificates(io, { stores: [store] }));
  if (thumbprint === undefined)
    throw new Failure(world('no-certificate', `there is no certificate \`${properties.certificate}\``));
  const verb = step.kind === 'create' ? 'add' : 'update';
  const values = [`certhash=${thumbprint.toLowerCase()}`, `appid=${iis}`, `certstorename=${store}`];
  await netsh(io, ['http', verb, 'sslcert', where, ...values], what);
}
