import type { CatalogTarget } from '../../engine/model/catalog.ts';
import type { Adopted, Unsaid } from '../../engine/record/adopt.ts';
import { type Written, writeManifest } from '../../manifest/write-manifest.ts';

export interface AdoptedManifest {
  adopted: readonly Adopted[];
  unsaid: readonly Unsaid[];
  targets: readonly CatalogTarget[];
  /** Where points were looked for. */
  repository?: string | undefined;
  os?: 'windows';
}

/** The manifest: what is in sync live, the rest as comments. */
export const manifestOf = ({ adopted, unsaid, targets, repository, os }: AdoptedManifest): string =>
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
