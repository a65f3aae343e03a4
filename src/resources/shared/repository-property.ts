import { posix, win32 } from 'node:path';
import Type, { type Static } from 'typebox';
import { Failure } from '../../diagnostics/diagnostic.ts';
import { mistakeAt } from '../../engine/model/mistakes.ts';
import type { Claim, Mistake, Where } from '../../engine/model/resource-type.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { type FolderPath, parseRepositoryUrl } from '../../replication/model/repository-url.ts';
import { awsTargetName, onAws, secret } from './schema-parts.ts';

const url = {
  ...onAws,
  description:
    'Where recovery points live: `s3://BUCKET/PREFIX`, no part of it empty or dots, or `file:///FOLDER`.',
  pattern: '^([sS]3://[^/\\s]+(/([^/.][^/]*|\\.([^/.][^/]*|\\.[^/]+)))*/?|[fF][iI][lL][eE]:///.+)$',
};

export const repositorySchema = Type.Union(
  [
    Type.String(url),
    Type.Object(
      {
        url: Type.String(url),
        target: awsTargetName,
        pruner: Type.Optional(
          Type.String({
            description:
              'Name of the aws target that `converge prune` works with, whose credentials alone may delete. No cycle uses it.',
            minLength: 1,
            'x-target': 'aws',
          }),
        ),
        key: Type.Optional(
          secret({
            description: 'Key of an encrypted repository, from `converge key create`.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'The repository: its URL, or `{ url, target, pruner, key }`.' },
);

/** A repository as written: its URL, or that with what opening it takes. */
export type RepositoryProperty = Static<typeof repositorySchema>;

/** What opens the repository of a property that `repositoryMistakes` finds nothing wrong with. */
export const repositoryRef = (property: RepositoryProperty): RepositoryRef =>
  typeof property === 'string'
    ? { url: parseRepositoryUrl(property) }
    : { ...property, url: parseRepositoryUrl(property.url) };

/** What of a URL the pattern of the schema lets pass, and no repository can be at. */
export function repositoryMistakes({ repository }: { repository?: RepositoryProperty }): Mistake[] {
  if (repository === undefined) return [];
  try {
    parseRepositoryUrl(typeof repository === 'string' ? repository : repository.url);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map(one => mistakeAt(pointerOf(repository), one));
  }
}

const pointerOf = (property: RepositoryProperty): string =>
  typeof property === 'string' ? '/repository' : '/repository/url';

/** What a protected VM brings and a raw image needs; `vm` is a name or UUID in any case. */
export const pointsCapability = (property: RepositoryProperty, vm: string): string =>
  `points:${repositoryRef(property).url.canonical}#${vm.toLowerCase()}`;

/** A repository owns its folder or its prefix: whatever else is put there, or is removed, would be damage. */
export function repositoryClaims(property: RepositoryProperty, where: Where): Claim[] {
  const { url } = repositoryRef(property);
  const path = url.kind === 'file' ? folderOf(url.folder, where) : url.canonical;
  if (path === undefined) return [];
  return [
    {
      what: `what is in the repository ${path}`,
      pointer: pointerOf(property),
      shared: 'repository',
      path,
      whole: true,
    },
  ];
}

/** In the form that managed paths have. Undefined when the URL names none; opening it says what is wrong. */
function folderOf({ posix: path, windows }: FolderPath, { platform }: Where): string | undefined {
  const plain =
    platform === 'win32'
      ? windows && win32.normalize(windows).replaceAll('\\', '/').toLowerCase()
      : path && posix.normalize(path);
  return plain?.replace(/(?<=[^/:])\/+$/, '');
}
