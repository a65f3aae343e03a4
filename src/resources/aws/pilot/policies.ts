import extender from '../../../../policies/extender.json' with { type: 'json' };
import importer from '../../../../policies/importer.json' with { type: 'json' };
import operator from '../../../../policies/operator.json' with { type: 'json' };
import pruner from '../../../../policies/pruner.json' with { type: 'json' };
import reader from '../../../../policies/reader.json' with { type: 'json' };
import writer from '../../../../policies/writer.json' with { type: 'json' };
import { parseS3Url } from '../../../values/s3-url.ts';

const policies = { writer, reader, pruner, extender, operator, importer };

export type May = keyof typeof policies;
export const jobs = Object.keys(policies) as [May, ...May[]];

/** VM Import's own service. Source: VM Import/Export user guide, "Required service role". */
const vmImport = 'vmie.amazonaws.com';

export interface PolicyOf {
  may: May;
  /** `s3://BUCKET/PREFIX`. */
  repository?: string | undefined;
  images?: string | undefined;
  /** Ids of hosted zones of Route 53. */
  zones?: readonly string[] | undefined;
}

/**
 * The policy of a job as its file in `policies/` says it, with the names that it is about in the place of the
 * words in capitals. Statements about images, or about hosted zones, are left out where there are none.
 *
 * @param where left out, `ACCOUNT` and `REGION` stay words
 */
export function policyOf(
  { may, repository = '', images = '', zones = [] }: PolicyOf,
  where: { account?: string; region?: string } = {},
): { Version: string; Statement: object[] } {
  const home = parseS3Url(repository);
  const place = parseS3Url(images);
  const words: Record<string, string | undefined> = {
    BUCKET: home?.bucket,
    PREFIX: home?.prefix,
    IMAGES: place?.bucket,
    ACCOUNT: where.account,
    REGION: where.region,
  };
  const said = (text: string): string =>
    text
      .replace(/\bPREFIX\//g, words.PREFIX === '' ? '' : 'PREFIX/')
      .replace(/\b(BUCKET|PREFIX|IMAGES|ACCOUNT|REGION)\b/g, word => words[word] ?? word);
  const { Version, Statement } = policies[may];
  return {
    Version,
    Statement: Statement.filter(one => {
      const text = JSON.stringify(one);
      return (place || !text.includes(':::IMAGES')) && (zones.length > 0 || !text.includes('/ZONES'));
    }).map(
      one =>
        JSON.parse(JSON.stringify(one), (_, value) => {
          if (Array.isArray(value)) return value.flatMap(each => eachZone(each, zones));
          return typeof value === 'string' ? said(value) : value;
        }) as object,
    ),
  };
}

/** One ARN for each zone. */
const eachZone = (value: unknown, zones: readonly string[]): unknown[] =>
  typeof value === 'string' && value.endsWith('/ZONES')
    ? [...zones].sort().map(zone => value.replace(/ZONES$/, zone))
    : [value];

/** Who may act as a role: services by name, others by ARN. VM Import has to name itself besides. */
export const trustOf = (by: readonly string[]): { Version: string; Statement: object[] } => ({
  Version: '2012-10-17',
  Statement: [...by].sort().map(one => ({
    Effect: 'Allow',
    Principal: one.startsWith('arn:') ? { AWS: one } : { Service: one },
    Action: 'sts:AssumeRole',
    ...(one === vmImport && { Condition: { StringEquals: { 'sts:Externalid': 'vmimport' } } }),
  })),
});

/** Who acts as it where the manifest doesn't say. */
export const trustedBy = ({ may, trusted_by }: { may: May; trusted_by?: readonly string[] }): string[] =>
  [...(trusted_by ?? (may === 'importer' ? [vmImport] : []))].sort();
