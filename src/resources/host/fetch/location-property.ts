import { Type } from 'typebox';
import type { Location } from '../../../content/content.ts';
import { httpUrl } from '../../../content/http.ts';
import { shown } from '../../../content/http-failures.ts';
import { Failure } from '../../../diagnostics/diagnostic.ts';
import { mistake, mistakeAt } from '../../../engine/model/mistakes.ts';
import type { Mistake } from '../../../engine/model/resource-type.ts';
import { isS3Url, parseS3Object } from '../../../values/s3-url.ts';
import { awsTargetName, onAws } from '../../shared/schema-parts.ts';

/** A URL as written, alone or with the aws target that gives access to it. */
export type LocationProperty = string | { url: string; target?: string };

const url = (description: string) =>
  Type.String({ ...onAws, description, pattern: '^([hH][tT][tT][pP][sS]?|[sS]3)://[^\\s]+$' });

/** `{ url, target }`, for the `s3://` URLs of manifests with several aws targets. */
export const withTarget = (description: string) =>
  Type.Object(
    {
      url: url(description),
      target: awsTargetName,
    },
    { additionalProperties: false },
  );

export const locationSchema = (description: string) =>
  Type.Union([url(description), withTarget(description)], { description });

export const locationOf = (property: LocationProperty): Location =>
  typeof property === 'string' ? { url: property } : property;

export const isS3 = ({ url }: Location): boolean => isS3Url(url);

/** What says that the content is what was meant. */
export interface Trust {
  /** `sha256:` and 64 hex digits, in any case. */
  checksum?: string;
  allow_insecure?: boolean;
}

export const trustSchema = {
  checksum: Type.Optional(
    Type.String({
      description:
        'SHA-256 of the content, `sha256:…`. Content that has another is refused; what is in place needs no request.',
      pattern: '^[sS][hH][aA]256:[0-9a-fA-F]{64}$',
    }),
  ),
  allow_insecure: Type.Optional(
    Type.Boolean({
      description: 'Take content over `http://` without a checksum: anybody on the way can change it.',
    }),
  ),
};

export const checksumOf = ({ checksum }: Trust): string | undefined => checksum?.toLowerCase();

/** Where the URL of a location stands. */
const urlPointer = (property: LocationProperty, pointer: string): string =>
  typeof property === 'string' ? pointer : `${pointer}/url`;

/** What is wrong with a URL, or when anybody on the way could change the content. */
export function untrusted(property: LocationProperty, pointer: string, trust: Trust): Mistake[] {
  const location = locationOf(property);
  const at = urlPointer(property, pointer);
  if (isS3(location)) {
    if (parseS3Object(location.url)) return [];
    return [mistake(at, 'content-url', `${location.url} names no object`, 'write s3://BUCKET/KEY')];
  }
  let url: URL;
  try {
    url = httpUrl(location.url);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map(one => mistakeAt(at, one));
  }
  if (url.protocol === 'https:' || trust.checksum !== undefined || trust.allow_insecure === true) return [];
  const message = `http:// protects nothing on the way from ${url.host}, and no checksum is given`;
  const hint = 'use https://, add `checksum: sha256:…`, or say `allow_insecure: true`';
  return [mistake(at, 'insecure-download', message, hint)];
}

/** A location for messages; what follows `?` is often a signature. */
export const shownLocation = ({ url }: Location): string => {
  const parsed = URL.parse(url);
  return parsed && /^https?:$/.test(parsed.protocol) ? shown(parsed) : url;
};
