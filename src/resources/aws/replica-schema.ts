import { Type } from 'typebox';
import { oneOf } from '../shared/schema-parts.ts';

/** `snapshots` of a `recovery_target`. */
export const snapshotsSchema = Type.Object(
  {
    every: Type.String({
      format: 'duration',
      description: 'How old the newest of them may grow before others are taken.',
    }),
    keep: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Whole sets of them that are kept; 7 when left out.' }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'What protects the machine once a failover is committed and it lives in AWS: EBS snapshots of its volumes, which `converge replicate --replica` takes.',
  },
);

/** `replica` of a `recovery_target`. */
export const replicaSchema = Type.Object(
  {
    every: Type.Optional(
      Type.String({
        format: 'duration',
        description:
          'How old it may grow: `converge replicate --replica` brings it to the newest point when it is that old; whenever there is a newer point when left out.',
      }),
    ),
    keep: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Points whose EBS snapshots are kept; 2 when left out.',
      }),
    ),
    writer: Type.Optional(
      oneOf(['region', 'home'], {
        description:
          'Where `converge replicate --replica` writes it: only on an instance of the region of its target, so that nothing crosses the line to home twice (`region`, when left out), or anywhere (`home`).',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'EBS snapshots of the newest points, which `converge replicate --replica` makes.',
  },
);
