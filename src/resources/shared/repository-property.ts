import { posix, win32 } from 'node:path';
import { fileURLToPath } from 'node:url';
import Type, { type Static } from 'typebox';
import type { Claim, Where } from '../../engine/model/resource-type.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { canonicalRepositoryUrl, parseRepositoryUrl } from '../../replication/model/repository-url.ts';
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
        key: Type.Optional(
          secret({
            description: 'Key of an encrypted repository, from `converge key create`.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'The repository: its URL, or `{ url, target, key }`.' },
);

/** A repository as written: its URL, or that with what opening it takes. */
export type RepositoryProperty = Static<typeof repositorySchema>;

export const repositoryRef = (property: RepositoryProperty): RepositoryRef =>
  typeof property === 'string' ? { url: property } : property;

/** What a protected VM brings and a raw image needs; `vm` is a name or UUID in any case. */
export const pointsCapability = (property: RepositoryProperty, vm: string): string =>
  `points:${canonicalRepositoryUrl(repositoryRef(property).url)}#${vm.toLowerCase()}`;

/** A repository owns its folder or its prefix: whatever else is put there, or is removed, would be damage. */
export function repositoryClaims(property: RepositoryProperty, where: Where): Claim[] {
  const { url } = repositoryRef(property);
  const place = parseRepositoryUrl(url);
  const path = place?.kind === 'file' ? folderOf(url.trim(), where) : place?.url;
  if (path === undefined) return [];
  return [
    {
      what: `what is in the repository ${path}`,
      pointer: typeof property === 'string' ? '/repository' : '/repository/url',
      shared: 'repository',
      path,
      whole: true,
    },
  ];
}

/** In the form that managed paths have. Undefined when the URL names none; opening it says what is wrong. */
function folderOf(url: string, { platform }: Where): string | undefined {
  const windows = platform === 'win32';
  try {
    const path = fileURLToPath(url, { windows });
    const plain = windows ? win32.normalize(path).replaceAll('\\', '/').toLowerCase() : posix.normalize(path);
    return plain.replace(/(?<=[^/:])\/+$/, '');
  } catch {
    return undefined;
  }
}
