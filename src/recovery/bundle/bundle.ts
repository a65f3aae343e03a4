import { Failure, type SourceRange, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import type { Json } from '../../engine/model/catalog.ts';
import {
  bool,
  demand,
  hex,
  listOf,
  mapOf,
  members,
  oneOf,
  optional,
  type Shape,
  text,
  whole,
} from '../../replication/format/shape.ts';
import { digestOf } from '../guest/manifests.ts';

/**
 * What a recovery has to know besides the disks, compiled: `docs/repository-format.md` has the members. It
 * holds no secret, and nothing in it is a path that anything is read from.
 */
export interface Bundle {
  bundle: 1;
  /** Whose point it is of; that of a plan which was applied has none. */
  vm?: { name: string; uuid: string };
  targets: BundledTarget[];
  resources: BundledResource[];
  references: BundledReference[];
  /** Manifests by which recovered machines converge themselves; left out when there are none. */
  post_launch?: BundledManifests[];
}

export interface BundledManifests {
  /** Title of the plan, and the number of the entry of its `post_launch`, from 0. */
  plan: string;
  entry: number;
  /** SHA-256 in hex, as the machine computes it. */
  digest: string;
  /** By path below their folder, `/` between parts; the bytes in base64. */
  files: { [path: string]: string };
}

export interface BundledTarget {
  name: string;
  type: string;
  properties: { [key: string]: Json };
  at: SourceRange;
}

export interface BundledResource {
  type: string;
  title: string;
  properties: { [key: string]: Json };
  /** Name of its target, where the manifest says one. */
  target?: string;
  at: SourceRange;
  /** By JSON pointer below `properties`. */
  places: { [pointer: string]: SourceRange };
}

/** A secret by name, and who names it. */
export interface BundledReference {
  secret: string;
  /**
   * Where its value is: on the machine that compiled the bundle, with whoever runs, in AWS, on the disks of
   * the machine that is recovered.
   */
  where: 'home' | 'environment' | 'aws' | 'guest';
  /** Whether a recovery can't do without. */
  needed: boolean;
  by: { what: string; at: SourceRange }[];
}

/** Equal bundles give equal bytes. */
export const encodeBundle = (bundle: Bundle): Buffer => Buffer.from(canonicalJson(bundle));

const place = members({
  file: text,
  line: whole(1),
  column: whole(1),
  endLine: optional(whole(1)),
  endColumn: optional(whole(1)),
});
const anything: Shape = { wrong: () => undefined };
const shape = members({
  bundle: oneOf(1),
  vm: optional(members({ name: text, uuid: text })),
  targets: listOf(members({ name: text, type: text, properties: mapOf(anything), at: place })),
  resources: listOf(
    members({
      type: text,
      title: text,
      properties: mapOf(anything),
      target: optional(text),
      at: place,
      places: mapOf(place),
    }),
  ),
  references: listOf(
    members({
      secret: text,
      where: oneOf('home', 'environment', 'aws', 'guest'),
      needed: bool,
      by: listOf(members({ what: text, at: place })),
    }),
  ),
  post_launch: optional(listOf(members({ plan: text, entry: whole(), digest: hex(32), files: mapOf(text) }))),
});

/**
 * The bundle in these bytes. Its parts are still to be looked at as manifests are: in a plain repository
 * anybody who may write there may have written it.
 *
 * @param of whose it is, for the message
 * @throws Failure `bundle-unusable`
 */
export function decodeBundle(bytes: Buffer, of: string): Bundle {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw unusable(of, "it isn't JSON", cause);
  }
  return checkBundle(value, of);
}

const unusable = (of: string, why: string, cause?: unknown): Failure =>
  new Failure(
    world('bundle-unusable', own`the bundle of ${of} can't be used: ${why}`, {
      hint: own`name the manifests themselves, or another point with --point`,
    }),
    { cause },
  );

/** The same of a value. @throws Failure `bundle-unusable` */
export function checkBundle(value: unknown, of: string): Bundle {
  const version = (value as { bundle?: unknown } | null)?.bundle;
  if (typeof version === 'number' && version > 1)
    throw unusable(of, `it is of version ${version}, and this converge reads version 1`);
  try {
    demand(shape, value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw unusable(of, cause.message, cause);
  }
  const bundle = value as Bundle;
  const other = (bundle.post_launch ?? []).find(one => digestOf(filesOf(one)) !== one.digest);
  if (other) throw unusable(of, `the post-launch manifests of ${other.plan} aren't those that it names`);
  return bundle;
}

/** The files themselves. */
export const filesOf = ({ files }: BundledManifests): Map<string, Buffer> =>
  new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content, 'base64')]));
