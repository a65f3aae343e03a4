import { canonicalJson, sha256 } from './canonical.ts';
import type { Metaparameters } from './catalog.ts';
import type { Plan } from './plan.ts';

/**
 * SHA-256 over what will be done and to what. Left out is what may differ between two equal plans:
 * places in files (absolute paths, a comment added above), texts of diagnostics and reasons, and
 * fingerprints, which hold revisions and ages; `recheck` compares those one by one.
 */
export function planDigest({
  digest: _,
  diagnostics: __,
  targets,
  resources,
  ...rest
}: Omit<Plan, 'digest'> & { digest?: string }): string {
  return sha256(
    canonicalJson({
      ...rest,
      targets: targets.map(({ at: _at, ...target }) => target),
      resources: resources.map(({ at: _at, reason: _reason, fingerprint: _fingerprint, ...resource }) => ({
        ...resource,
        meta: withoutPlaces(resource.meta),
        fields: resource.fields.map(({ path, before, after }) => ({ path, before, after })),
      })),
    }),
  );
}

const withoutPlaces = (meta: Metaparameters) => ({
  ...meta,
  require: meta.require.map(ref => ref.address),
  before: meta.before.map(ref => ref.address),
  notify: meta.notify.map(ref => ref.address),
  subscribe: meta.subscribe.map(ref => ref.address),
});
