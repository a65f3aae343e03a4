import Type from 'typebox';
import type { Location } from '../../../content/content.ts';
import type { Id, Where } from '../../../engine/model/resource-type.ts';
import { onAws } from '../../shared/schema-parts.ts';
import { type LocationProperty, locationOf, shownLocation, withTarget } from '../fetch/location-property.ts';
import { hostPath } from '../paths/path.ts';

/** Where an archive comes from: a file of this host, or a URL. */
export type Source = { path: Id } | { location: Location };

export const sourceSchema = (description: string) =>
  Type.Union(
    [
      Type.String({
        ...onAws,
        description: 'A path of this host, or a URL.',
        'x-path': 'host',
        minLength: 1,
      }),
      withTarget('An `s3://` URL.'),
    ],
    { description },
  );

export const sourceOf = (source: LocationProperty, where: Where): Source =>
  typeof source === 'string' && !/^(https?|s3):\/\//i.test(source)
    ? { path: hostPath(source, where) }
    : { location: locationOf(source) };

/** Its name in memory and in messages. */
export const nameOf = (source: Source): string => ('path' in source ? source.path : source.location.url);

export const shownSource = (source: Source): string =>
  'path' in source ? source.path : shownLocation(source.location);
