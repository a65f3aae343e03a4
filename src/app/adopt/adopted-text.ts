import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { Adopted, Unsaid } from '../../engine/record/adopt.ts';
import { plural } from '../../io/units.ts';
import { type Written, writeManifest } from '../../manifest/write-manifest.ts';

export interface AdoptedText {
  adopted: readonly Adopted[];
  unsaid: readonly Unsaid[];
  targets: readonly CatalogTarget[];
  /** Where points were looked for. */
  repository?: string | undefined;
  os?: 'windows';
}

/** The manifest: what is in sync live, the rest as comments. */
export const textOf = ({ adopted, unsaid, targets, repository, os }: AdoptedText): string =>
  writeManifest({
    schema: '../schemas/manifest.schema.json',
    about: ['What was there when `converge adopt` looked: a plan changes nothing of it.'],
    ...(os && { os }),
    targets,
    resources: adopted.map(one => written(one, repository)),
    remarks:
      unsaid.length === 0
        ? []
        : [
            '',
            'There as well, and in no declaration above:',
            ...unsaid.map(({ type, what, why }) => `${type}: ${what}: ${why}`),
          ],
  });

/** One of them, as a comment where a plan would change something of it. */
function written({ pending, note, ...one }: Adopted, repository: string | undefined): Written {
  const where =
    repository === undefined
      ? 'not protected, as far as is known: look with --repository'
      : `no recovery point in ${repository}`;
  const comment =
    pending === 'would be made at once'
      ? `${where}; declared, the first point would be made at once`
      : pending;
  return { ...one, ...(note !== undefined && { note }), ...(comment !== undefined && { comment }) };
}

export function summary({
  adopted,
  known,
  unsaid,
}: {
  adopted: readonly Adopted[];
  known: number;
  unsaid: readonly Unsaid[];
}): string {
  const live = adopted.filter(({ pending }) => pending === undefined).length;
  const waiting = adopted.length - live;
  return `${[
    `${plural(live, 'resource')} adopted`,
    ...(waiting > 0 ? [`${waiting} written as comments, since a plan would change something of them`] : []),
    ...(known > 0 ? [`${known} left out, which the manifests declare already`] : []),
    ...(unsaid.length > 0
      ? [`${plural(unsaid.length, 'thing')} that no declaration says, in the comments at the end`]
      : []),
  ].join('; ')}\n`;
}
