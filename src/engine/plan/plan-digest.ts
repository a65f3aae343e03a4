import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import { canonicalDigest } from '../model/canonical.ts';
import type { Metaparameters } from '../model/catalog.ts';
import type { Plan } from '../model/plan.ts';

/**
 * SHA-256 over what will be done and to what. Left out is what may differ between two equal plans:
 * places in files (absolute paths, a comment added above), texts of diagnostics and reasons, and
 * the time, which lab, and fingerprints, which hold identities, revisions and ages; `recheck` compares those
 * one by one. Whether a window is open is the hour's business: the window itself is in. Who joined or left a
 * selection rests on memory alone.
 */
export function planDigest({
  digest: _,
  diagnostics: __,
  now: ___,
  lab_id: ____,
  targets,
  resources,
  selections,
  ...rest
}: Omit<Plan, 'digest'> & { digest?: string }): string {
  return canonicalDigest({
    ...rest,
    ...(selections && {
      selections: selections.map(({ at: _at, joined: _joined, left: _left, ...selection }) => ({
        ...selection,
        meta: withoutPlaces(selection.meta),
      })),
    }),
    targets: targets.map(({ at: _at, ...target }) => target),
    resources: resources
      .values()
      .map(
        ({
          at: _at,
          reason: _reason,
          fingerprint: _fingerprint,
          object: _object,
          held: _held,
          shows: _shows,
          ...resource
        }) => ({
          ...resource,
          meta: withoutPlaces(resource.meta),
          fields: resource.fields.map(({ path, before, after }) => ({ path, before, after })),
        }),
      ),
  });
}

const withoutPlaces = (meta: Metaparameters) => ({
  ...meta,
  require: meta.require.map(ref => ref.address),
  before: meta.before.map(ref => ref.address),
  notify: meta.notify.map(ref => ref.address),
  subscribe: meta.subscribe.map(ref => ref.address),
});

/** SHA-256 over all of a plan, as its file carries it: the digest leaves out what this protects as well. */
export const planChecksum = (plan: Plan): string => canonicalDigest({ ...plan });

/** Enough hex digits that nobody finds another plan with them by accident. */
export const fewestDigits = 8;

/** Throws a Failure (blocked) unless the plan's digest begins with the approved one, lower-case hex. */
export function requireDigest(plan: Plan, approved: string): void {
  if (plan.digest.startsWith(approved)) return;
  throw new Failure(
    blocked(
      'other-digest',
      `the plan made now has the digest ${plan.digest.slice(0, Math.max(approved.length, fewestDigits))}, and ${approved} was approved`,
      {
        hint: 'the manifests or the world have changed since: compare the two with `converge diff`, and have the new plan approved',
      },
    ),
  );
}
