import { contentNames, signatureName } from '../content/accept.ts';
import { reportKey } from '../reports/report.ts';
import { rolloutKey } from '../rollout/rollout.ts';

/** An IAM policy document. */
export interface Policy {
  Version: '2012-10-17';
  Statement: { Sid: string; Effect: 'Allow'; Action: string[]; Resource: string[] }[];
}

/**
 * What the role of an environment's instances needs in the bucket, and no more: to read what they are to be
 * and whose turn it is, and each to write its own report. `${aws:userid}` is `ROLE-ID:INSTANCE-ID` for
 * whoever asks.
 * @param root `BUCKET` or `BUCKET/PREFIX`
 * @param partition `aws`, `aws-cn`, `aws-us-gov`
 */
export function instancePolicy(environments: readonly string[], root: string, partition = 'aws'): Policy {
  const arn = (key: string) => `arn:${partition}:s3:::${root}/${key}`;
  const read = (one: string) => [signatureName(one), ...contentNames(one), rolloutKey(one)];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadWhatToBe',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: environments.flatMap(read).map(arn),
      },
      {
        Sid: 'WriteOwnReport',
        Effect: 'Allow',
        Action: ['s3:PutObject'],
        Resource: environments.map(one => arn(reportKey(one, '${aws:userid}'))),
      },
    ],
  };
}
