import Type, { type Static } from 'typebox';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { canonicalRepositoryUrl } from '../../replication/model/repository-url.ts';
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
