import { type Static, Type } from 'typebox';
import { repositorySchema } from '../shared/repository-property.ts';
import { oneOf, secret } from '../shared/schema-parts.ts';

const closed = { additionalProperties: false };

const ca = Type.Optional(
  Type.String({
    minLength: 1,
    'x-multiline': true,
    description: "Authority of the server's certificate, beside those of the system: its text in PEM.",
  }),
);

const url = (what: string) =>
  Type.Union([Type.String({ pattern: '^https://[^\\s]+$' }), secret()], {
    description: `${what}: https, as text or as a reference to a secret.`,
  });

const timezone = Type.Optional(
  Type.String({ minLength: 1, format: 'timezone', description: 'An IANA name; UTC when left out.' }),
);

const time = (description: string) => Type.String({ format: 'time-of-day', description });

export const alertRouteSchema = Type.Object(
  {
    repository: repositorySchema,
    smtp: Type.Optional(
      Type.Object(
        {
          host: Type.String({ minLength: 1, description: 'Mail server.' }),
          port: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 65_535,
              description: '587 when left out, with STARTTLS; 465 speaks TLS from the start.',
            }),
          ),
          from: Type.String({ pattern: '^[^@\\s<>,;]+@[^@\\s<>,;]+$', description: 'Sender.' }),
          to: Type.Array(Type.String({ pattern: '^[^@\\s<>,;]+@[^@\\s<>,;]+$' }), {
            minItems: 1,
            'x-unordered': true,
            description: 'Recipients.',
          }),
          username: Type.Optional(
            Type.String({ minLength: 1, description: 'Where the server asks for one.' }),
          ),
          password: Type.Optional(secret({ description: 'As a reference to a secret.' })),
          ca,
        },
        { ...closed, description: 'By mail. Without TLS nothing is sent.' },
      ),
    ),
    webhook: Type.Optional(
      Type.Object(
        {
          shape: oneOf(['slack', 'teams', 'pagerduty', 'json'] as const, {
            description:
              '`slack`: incoming webhook. `teams`: the workflow "when a webhook request is received". `pagerduty`: Events API v2. `json`: our own.',
          }),
          url: Type.Optional(url('Where to; left out for `pagerduty`')),
          key: Type.Optional(
            secret({ description: 'Routing key of PagerDuty, as a reference to a secret.' }),
          ),
          private: Type.Optional(
            Type.Boolean({ description: 'It may be in a network of your own, or on this machine.' }),
          ),
          ca,
        },
        { ...closed, description: 'By one request over https. No redirect is followed.' },
      ),
    ),
    sns: Type.Optional(
      Type.Object(
        {
          topic: Type.String({
            pattern: '^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$',
            description: 'ARN of the topic.',
          }),
          target: Type.Optional(
            Type.String({
              minLength: 1,
              'x-target': 'aws',
              description: 'Name of the aws target, where several are declared.',
            }),
          ),
        },
        { ...closed, description: 'By a topic of Amazon SNS.' },
      ),
    ),
    event_log: Type.Optional(
      Type.Object(
        {
          source: Type.Optional(
            Type.String({
              pattern: '^[A-Za-z][A-Za-z0-9 ._-]{0,62}$',
              description: 'Who says it, as the log shows it; `converge` when left out.',
            }),
          ),
        },
        { ...closed, description: 'By the Application log of the Windows machine that the agent runs on.' },
      ),
    ),
    heartbeat: Type.Optional(
      Type.Object(
        {
          url: url('What is called every few minutes'),
          when: Type.Optional(
            oneOf(['alive', 'kept'] as const, {
              description:
                '`alive` (default): an agent has read the repositories. `kept`: and every RPO is kept.',
            }),
          ),
          private: Type.Optional(
            Type.Boolean({ description: 'It may be in a network of your own, or on this machine.' }),
          ),
          ca,
        },
        {
          ...closed,
          description: 'No message: a sign of life for a service that tells you when it stays away.',
        },
      ),
    ),
    severity: Type.Optional(
      oneOf(['warning', 'critical'] as const, {
        description: 'The least that is told; `warning` when left out.',
      }),
    ),
    remind: Type.Optional(
      Type.String({
        format: 'duration',
        description: 'How often it is told again what lasts; never when left out.',
      }),
    ),
    quiet: Type.Optional(
      Type.Object(
        { from: time('From then on warnings wait.'), to: time('Until then.'), timezone },
        {
          ...closed,
          description: 'Hours in which only what is critical is told; the rest is told afterwards.',
        },
      ),
    ),
    digest: Type.Optional(
      Type.Object(
        { at: time('When.'), timezone },
        { ...closed, description: 'A summary once a day, whether anything is wrong or not.' },
      ),
    ),
  },
  closed,
);

/** As written. */
export type AlertRouteProperties = Static<typeof alertRouteSchema>;

export const TRANSPORTS = ['smtp', 'webhook', 'sns', 'event_log', 'heartbeat'] as const;
export type Transport = (typeof TRANSPORTS)[number];
