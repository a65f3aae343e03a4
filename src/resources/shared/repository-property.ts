import { posix, win32 } from 'node:path';
import Type, { type Static } from 'typebox';
import { Failure } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import { mistake, mistakeAt } from '../../engine/model/mistakes.ts';
import type { Claim, Mistake, Need, Step, Where } from '../../engine/model/resource-type.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { lockPolicyOf } from '../../replication/model/object-lock.ts';
import type { Repository } from '../../replication/model/repository.ts';
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
            'x-role': 'pruner',
          }),
        ),
        lock: Type.Optional(
          Type.Object(
            {
              mode: Type.Union([Type.Literal('governance'), Type.Literal('compliance')], {
                description:
                  '`governance`: whoever has the right s3:BypassGovernanceRetention can lift it. `compliance`: nobody can, not even the owner of the account.',
                'x-grade': { order: ['governance', 'compliance'] },
              }),
              for: Type.String({
                description:
                  'How long what a cycle writes stays locked, and how far ahead `converge repository extend-locks` keeps what points need locked, as long as retention keeps them. Days at least.',
                format: 'duration',
                'x-grade': { weakens: 'decrease' },
              }),
            },
            {
              description:
                'Object Lock of what points need, each object by itself; nothing is locked when left out. The bucket needs `object_lock: true`.',
              additionalProperties: false,
            },
          ),
        ),
        extender: Type.Optional(
          Type.String({
            description:
              'Name of the aws target that `converge repository extend-locks` works with, whose credentials may lengthen locks and nothing else. No cycle uses it.',
            minLength: 1,
            'x-target': 'aws',
            'x-role': 'extender',
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
  { description: 'The repository: its URL, or `{ url, target, pruner, lock, extender, key }`.' },
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
    const { kind } = parseRepositoryUrl(typeof repository === 'string' ? repository : repository.url);
    return typeof repository === 'string'
      ? []
      : [...sharedTargets(repository), ...lockMistakes(repository, kind)];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map(one => mistakeAt(pointerOf(repository), one));
  }
}

/** Whoever removes, or lengthens locks, does so with credentials of its own: those of cycles may neither. */
const sharedTargets = (repository: Exclude<RepositoryProperty, string>): Mistake[] =>
  (['pruner', 'extender'] as const).flatMap(who =>
    repository[who] !== undefined && repository[who] === repository.target
      ? mistake(
          `/repository/${who}`,
          who === 'pruner' ? 'no-pruner' : 'no-extender',
          `\`${who}\` is the target of the cycles, ${repository.target}: their credentials must not do what it does`,
          `declare an aws target of its own, and name that; its rights are in policies/${who}.json`,
        )
      : [],
  );

const DAY = 24 * 3_600_000;
/** What S3 takes as a period of retention, days. */
const LONGEST = 36_500;

function lockMistakes({ url, lock, extender }: Exclude<RepositoryProperty, string>, kind: 's3' | 'file') {
  if (lock === undefined)
    return extender === undefined
      ? []
      : [
          mistake(
            '/repository/extender',
            'nothing-to-extend',
            `\`extender\` says who lengthens locks, and nothing in ${url} is locked`,
            'add `lock: { mode: governance, for: 30d }`, or leave `extender` out',
          ),
        ];
  if (kind === 'file')
    return [
      mistake(
        '/repository/lock',
        'lock-without-bucket',
        `a folder has no Object Lock: ${url}`,
        'leave `lock` out, or keep the points in a bucket with `object_lock: true`',
      ),
    ];
  const span = lockPolicyOf(lock).for;
  if (span >= DAY && span <= LONGEST * DAY) return [];
  return [
    mistake(
      '/repository/lock/for',
      'lock-span',
      `objects can't be locked for ${lock.for}`,
      'write a day at least, and 100 years at most: `30d`',
    ),
  ];
}

const pointerOf = (property: RepositoryProperty): string =>
  typeof property === 'string' ? '/repository' : '/repository/url';

/** What a protected VM brings and a raw image needs; `vm` is a name or UUID in any case. */
export const pointsCapability = (property: RepositoryProperty, vm: string): string =>
  `points:${repositoryRef(property).url.canonical}#${vm.toLowerCase()}`;

/** The bucket comes before what is kept in it. */
export function repositoryNeeds(property: RepositoryProperty): Need[] {
  const { url } = repositoryRef(property);
  return url.kind === 's3' ? [{ anyOf: [`s3-bucket:${url.place.bucket}`] }] : [];
}

/**
 * The repository that a record is kept in, which the first that is kept makes. Undefined: a record is to go,
 * and nothing is kept.
 */
export async function openToChange(
  property: RepositoryProperty,
  kind: Step<unknown, unknown>['kind'],
  io: WriteIo,
): Promise<Repository | undefined> {
  const repositories = await io.client('repositories');
  return repositories.open(repositoryRef(property), kind === 'delete' ? 'read' : 'create');
}

/**
 * A repository owns its folder or its prefix: whatever else is put there, or is removed, would be damage.
 * Whoever comes first makes it, with the key that it says or without one.
 */
export function repositoryClaims(property: RepositoryProperty, where: Where): Claim[] {
  const { url } = repositoryRef(property);
  const path = url.kind === 'file' ? folderOf(url.folder, where) : url.canonical;
  if (path === undefined) return [];
  const key = typeof property === 'string' ? undefined : property.key;
  return [
    {
      alike: {
        what: `the key of the repository ${url.written}`,
        pointer: key === undefined ? pointerOf(property) : '/repository/key',
        value: canonicalJson(key ?? null),
      },
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
