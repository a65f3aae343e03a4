import { errors, S3Error } from '../protocol/errors.ts';
import type { Element } from '../protocol/xml.ts';
import { parseXml, textOf } from '../protocol/xml.ts';
import type { Retention, Version } from './model.ts';
import type { BucketState } from './storage.ts';

/**
 * Object Lock of one version. Sources: Amazon S3 user guide, "Locking objects with Object Lock"; API
 * reference, PutObject, PutObjectRetention, GetObjectRetention. Legal holds aren't known here.
 */

const DAY = 24 * 3_600_000;
const MODES = ['GOVERNANCE', 'COMPLIANCE'] as const;

const isMode = (text: string | undefined): text is Retention['mode'] => MODES.some(mode => mode === text);

/** Whether versions of objects in the bucket can be locked. */
export const canLock = ({ record }: BucketState): boolean =>
  textOf(parseXml(record.configuration['object-lock'] ?? ''), 'ObjectLockEnabled') === 'Enabled';

const withoutLock = () => errors.invalidRequest('Bucket is missing Object Lock Configuration');

/** In whole seconds, as S3 keeps it. */
function dateOf(text: string, now: number, isCut: boolean): number {
  const until = Date.parse(text);
  if (Number.isNaN(until)) throw isCut ? errors.malformedXml() : badDate(text);
  if (until <= now)
    throw errors.invalidArgument(
      'The retain until date must be in the future!',
      'x-amz-object-lock-retain-until-date',
      text,
    );
  return Math.floor(until / 1000) * 1000;
}

const badDate = (text: string) =>
  errors.invalidArgument(
    'The retain until date must be provided in ISO 8601 format',
    'x-amz-object-lock-retain-until-date',
    text,
  );

/**
 * What a new version is locked by: the headers of its request, or what the bucket says about all others.
 *
 * @throws S3Error also where the request has no checksum of its body
 */
export function retentionOf(
  headers: ReadonlyMap<string, string>,
  bucket: BucketState,
  now: number,
): Retention | undefined {
  const mode = headers.get('x-amz-object-lock-mode');
  const date = headers.get('x-amz-object-lock-retain-until-date');
  if (headers.has('x-amz-object-lock-legal-hold')) throw errors.notImplemented('legal holds');
  if (mode === undefined && date === undefined) return defaultOf(bucket, now);
  if (!canLock(bucket)) throw withoutLock();
  if (mode === undefined || date === undefined)
    throw errors.invalidArgument(
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  if (!isMode(mode))
    throw errors.invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode);
  const isChecked =
    headers.has('content-md5') ||
    [...headers.keys()].some(name => /^x-amz-(checksum-|trailer$|sdk-checksum-algorithm$)/.test(name));
  if (!isChecked)
    throw errors.invalidRequest(
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  return { mode, until: dateOf(date, now, false) };
}

function defaultOf(bucket: BucketState, now: number): Retention | undefined {
  const rule = find(parseXml(bucket.record.configuration['object-lock'] ?? ''), 'DefaultRetention');
  const mode = textOf(rule, 'Mode');
  if (!isMode(mode)) return undefined;
  const days = Number(textOf(rule, 'Days') ?? 0) + 365 * Number(textOf(rule, 'Years') ?? 0);
  return { mode, until: now + days * DAY };
}

const find = (element: Element | undefined, name: string): Element | undefined =>
  element?.name === name
    ? element
    : element?.children.map(one => find(one, name)).find(one => one !== undefined);

/** What a `<Retention>` document asks for. @throws S3Error */
export function parseRetention(text: string, bucket: BucketState, now: number): Retention | undefined {
  if (!canLock(bucket)) throw withoutLock();
  const document = parseXml(text);
  if (document?.name !== 'Retention') throw errors.malformedXml();
  const mode = textOf(document, 'Mode');
  const date = textOf(document, 'RetainUntilDate');
  if (mode === undefined && date === undefined) return undefined;
  if (!isMode(mode) || date === undefined) throw errors.malformedXml();
  return { mode, until: dateOf(date, now, true) };
}

const isLocked = (version: Version, now: number): boolean =>
  version.kind === 'object' && version.retention !== undefined && version.retention.until > now;

/** @throws AccessDenied where the version is locked, by governance for whoever may not bypass that */
export function demandUnlocked(version: Version, now: number, mayBypass: boolean): void {
  if (!isLocked(version, now)) return;
  if (version.kind === 'object' && version.retention?.mode === 'GOVERNANCE' && mayBypass) return;
  throw new S3Error(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
}

/** @throws AccessDenied where a lock would be shortened, lifted or weakened */
export function demandStronger(
  version: Version,
  wanted: Retention | undefined,
  now: number,
  mayBypass: boolean,
): void {
  if (version.kind !== 'object' || !isLocked(version, now)) return;
  const { mode, until } = version.retention!;
  const isWeaker =
    wanted === undefined ||
    wanted.until < Math.floor(until / 1000) * 1000 ||
    (mode === 'COMPLIANCE' && wanted.mode !== mode);
  const isOther = wanted?.mode !== mode;
  if (isWeaker || isOther) demandUnlocked(version, now, mayBypass);
}

/** Headers of an answer about the version. */
export const lockHeaders = (retention: Retention | undefined): Record<string, string> =>
  retention
    ? {
        'x-amz-object-lock-mode': retention.mode,
        'x-amz-object-lock-retain-until-date': new Date(retention.until).toISOString(),
      }
    : {};

/** Whole days from now, as `s3:object-lock-remaining-retention-days` of a policy has them. */
export const remainingDays = (until: number | undefined, now: number): string | undefined =>
  until === undefined ? undefined : String(Math.ceil((until - now) / DAY));
