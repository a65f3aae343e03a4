import { type Static, Type } from 'typebox';
import { oneOf } from '../../shared/schema-parts.ts';

const block = '^\\d{1,3}(\\.\\d{1,3}){3}/\\d{1,2}$';

export const schema = Type.Object(
  {
    cidr: Type.Optional(
      Type.String({
        pattern: block,
        'x-immutable': true,
        description:
          "Its addresses, `10.0.0.0/16`: production's own, so that machines keep theirs. /16 to /28; a VPC has them for good.",
      }),
    ),
    subnets: Type.Optional(
      Type.Record(
        Type.String({ pattern: block }),
        Type.String({ pattern: '^[a-z0-9-]+$', description: 'Availability zone: `eu-west-1a`.' }),
        {
          minProperties: 1,
          description: 'Availability zones by the addresses of their subnets: `10.0.1.0/24: eu-west-1a`.',
        },
      ),
    ),
    name_servers: Type.Optional(
      oneOf(['amazon', 'none'], {
        description:
          "Who answers for names: Amazon's resolver, which knows those of the internet and no way there, or nobody. `amazon` when left out.",
      }),
    ),
  },
  { additionalProperties: false },
);

export type IsolatedNetworkProperties = Static<typeof schema>;
