import { Type } from 'typebox';
import type { SecretRef } from '../../engine/model/catalog.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { canonicalRepositoryUrl } from '../../replication/model/repository-url.ts';

/** A repository as written: its URL, or that with what opening it takes. */
export type RepositoryProperty = string | { url: string; target?: string; key?: SecretRef };

const url = {
  description:
    'Where recovery points live: `s3://BUCKET/PREFIX`, no part of it empty or dots, or `file:///FOLDER`.',
  pattern: '^([sS]3://[^/\\s]+(/(?!\\.{1,2}(/|$))[^/]+)*/?|[fF][iI][lL][eE]:///.+)$',
};

export const repositorySchema = Type.Union(
  [
    Type.String(url),
    Type.Object(
      {
        url: Type.String(url),
        target: Type.Optional(
          Type.String({ description: 'Name of the aws target, where several are declared.', minLength: 1 }),
        ),
        key: Type.Optional(
          Type.String({
            description: 'Key of an encrypted repository, from `converge key create`.',
            'x-secret': true,
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'The repository: its URL, or `{ url, target, key }`.' },
);

export const repositoryRef = (property: RepositoryProperty): RepositoryRef =>
  typeof property === 'string' ? { url: property } : property;

/** What a protected VM brings and a raw image needs; `vm` is a name or UUID in any case. */
export const pointsCapability = (property: RepositoryProperty, vm: string): string =>
  `points:${canonicalRepositoryUrl(repositoryRef(property).url)}#${vm.toLowerCase()}`;
