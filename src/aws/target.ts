import { Type } from 'typebox';
import type { TargetKind } from '../engine/model/resource-type.ts';
import { bandwidthSchema } from '../schedule/bandwidth.ts';

/** An AWS account and region, as manifests name it under `targets`. */
export const awsTarget: TargetKind = {
  name: 'aws',
  doc: 'A region of an AWS account. Without keys and profile, the default chain of AWS gives the credentials.',
  schema: Type.Object(
    {
      region: Type.String({
        pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]+$',
        description: 'Region where things are made: `eu-west-1`.',
      }),
      endpoint: Type.Optional(
        Type.String({
          pattern: '^https?://[^/\\s@?#]+/?$',
          description: 'Address of another S3 service; buckets are then addressed by path.',
        }),
      ),
      profile: Type.Optional(
        Type.String({ minLength: 1, description: 'Profile of the shared AWS configuration files.' }),
      ),
      access_key_id: Type.Optional(
        Type.String({ minLength: 1, description: 'Needs `secret_access_key` beside it.' }),
      ),
      secret_access_key: Type.Optional(
        Type.String({
          minLength: 1,
          'x-secret': true,
          description: "A reference: `secret('env:NAME')` in an expression.",
        }),
      ),
      ca: Type.Optional(
        Type.String({
          minLength: 1,
          'x-multiline': true,
          description:
            'Authority that signed the certificate of `endpoint`, or that of a proxy which looks into TLS, trusted beside the usual ones: path of a PEM file, or its text.',
        }),
      ),
      bandwidth: Type.Optional(bandwidthSchema),
    },
    {
      additionalProperties: false,
      dependencies: { access_key_id: ['secret_access_key'], secret_access_key: ['access_key_id'] },
    },
  ),
  check: ({ profile, access_key_id: key }) =>
    profile === undefined || key === undefined
      ? []
      : [
          {
            pointer: '/profile',
            code: 'contradiction',
            message: 'both a profile and keys are given, and the keys alone would count',
            hint: 'leave out `profile`, or `access_key_id` and `secret_access_key`',
          },
        ],
  identity: properties => {
    const endpoint =
      typeof properties.endpoint === 'string' ? `:${properties.endpoint.replace(/\/$/, '')}` : '';
    return `aws:${String(properties.region)}${endpoint}`;
  },
};
