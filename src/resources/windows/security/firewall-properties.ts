import Type, { type Static } from 'typebox';
import { oneOf } from '../../shared/schema-parts.ts';

export const profiles = ['domain', 'private', 'public'] as const;
const oneOrMore = (description: string) =>
  Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description,
      'x-unordered': true,
    }),
  );

export const schema = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        description:
          'The name, where the title is only one for manifests: of several rules of one name, each of which ' +
          'its protocol, ports, program and service tell apart.',
        minLength: 1,
      }),
    ),
    direction: Type.Optional(
      Type.Union([Type.Literal('in'), Type.Literal('out')], {
        description: 'Of the connections that it is for; `in` when left out.',
      }),
    ),
    action: Type.Optional(
      Type.Union([Type.Literal('allow'), Type.Literal('block')], { description: 'What happens to them.' }),
    ),
    protocol: Type.Optional(
      Type.String({
        description: '`tcp`, `udp`, `icmpv4`, `icmpv6`, `any`, or its number.',
        pattern: '^([Tt][Cc][Pp]|[Uu][Dd][Pp]|[Ii][Cc][Mm][Pp][Vv][46]|[Aa][Nn][Yy]|\\d{1,3})$',
      }),
    ),
    local_port: oneOrMore('Ports of this machine: `443`, `5000-5010`, a list, or `any`.'),
    remote_port: oneOrMore('Ports of the others, written the same way.'),
    local_address: oneOrMore('Addresses of this machine, written as `remote_address`.'),
    remote_address: oneOrMore(
      'Addresses of the others: `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, `LocalSubnet`, a list, or `any`.',
    ),
    profile: Type.Optional(
      Type.Union([oneOf([...profiles, 'any']), Type.Array(oneOf(profiles), { minItems: 1 })], {
        description: 'Networks on which it holds: `domain`, `private`, `public`, or `any`.',
        'x-unordered': true,
      }),
    ),
    program: Type.Optional(
      Type.String({ description: 'Path of the one program that it is for.', minLength: 1 }),
    ),
    service: Type.Optional(
      Type.String({ description: 'Short name of the one service that it is for, or `any`.', minLength: 1 }),
    ),
    interface_type: Type.Optional(
      oneOf(['any', 'lan', 'wireless', 'ras'], {
        description: 'The kind of interface; `ras` is one that is dialled.',
      }),
    ),
    edge_traversal: Type.Optional(
      Type.Boolean({ description: 'Whether it lets through what comes by a tunnel (Teredo).' }),
    ),
    description: Type.Optional(Type.String({ description: 'What it is for.' })),
    enabled: Type.Optional(Type.Boolean({ description: 'Whether it holds now.' })),
  },
  { additionalProperties: false },
);

/** As written. */
export type FirewallProperties = Static<typeof schema>;

export interface FirewallState {
  direction: 'in' | 'out';
  action: 'allow' | 'block';
  protocol?: string;
  /** Lists in their one form, `any` alone or sorted. */
  local_port?: string[];
  remote_port?: string[];
  local_address?: string[];
  remote_address?: string[];
  profile?: string[];
  program?: string;
  service?: string;
  interface_type?: string;
  edge_traversal?: boolean;
  description?: string;
  enabled?: boolean;
}
