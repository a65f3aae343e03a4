import Type, { type Static } from 'typebox';
import type { SecretRef } from '../../../engine/model/catalog.ts';
import { type Weekday, weekdays } from '../../../windows/tasks/task-triggers.ts';
import { oneOf, secret } from '../../shared/schema-parts.ts';

/** The policies of Windows for a task that is due while it runs. */
export const policies = {
  parallel: 'Parallel',
  queue: 'Queue',
  ignore_new: 'IgnoreNew',
  stop_existing: 'StopExisting',
} as const;

const text = (description: string) => Type.Optional(Type.String({ description }));
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const duration = (description: string) => Type.Optional(Type.String({ description, format: 'duration' }));
const words = <const W extends readonly string[]>(names: W, description: string) =>
  Type.Optional(oneOf(names, { description }));

export const schema = Type.Object(
  {
    command: Type.Optional(
      Type.String({ description: 'The program, by its whole path. No shell reads it.', minLength: 1 }),
    ),
    arguments: text('Its arguments, on one line as the program gets them; none when left out.'),
    working_directory: text('The directory it runs in.'),
    run_as: text(
      'The account: `SYSTEM` (when left out), `LOCAL SERVICE`, `NETWORK SERVICE`, a user or a SID. A user without ' +
        '`password` logs on locally only, and reaches no other machine.',
    ),
    password: Type.Optional(
      secret({
        description: 'The password of a user, for tasks that use the network.',
      }),
    ),
    run_level: words(
      ['highest', 'limited'],
      'With or without the rights of an administrator, where the user is one.',
    ),
    every: duration('Again and again without end, from 1 minute to 31 days apart: `30m`.'),
    offset: duration(
      'How long after midnight `every` counts from, shorter than `every`; `0s` when left out.',
    ),
    at: Type.Optional(
      Type.String({ description: 'Time of day, `03:30`.', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }),
    ),
    days: Type.Optional(
      Type.Array(oneOf(weekdays), {
        description: 'On which days `at` is meant; every day when left out.',
        minItems: 1,
        uniqueItems: true,
        'x-unordered': true,
      }),
    ),
    boot: flag('When the machine starts.'),
    logon: flag('When anybody logs on.'),
    enabled: flag('Whether it starts at all; true when left out.'),
    description: Type.Optional(Type.String({ description: 'What it is for.', 'x-multiline': true })),
    execution_time_limit: duration('It is stopped when it runs longer; `0s` never. Windows says 3 days.'),
    multiple_instances: words(
      Object.keys(policies) as (keyof typeof policies)[],
      'What happens when it is due and still runs.',
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type TaskProperties = Static<typeof schema>;

/** Texts where more may be found than a property can say: `every: 30m, and also: logon`. */
export interface TaskState {
  command?: string;
  arguments?: string;
  working_directory?: string;
  run_as: string;
  password?: SecretRef;
  run_level?: string;
  every?: string;
  offset?: string;
  at?: string;
  days?: Weekday[];
  boot?: boolean | string;
  logon?: boolean | string;
  enabled: boolean;
  description?: string;
  execution_time_limit?: string;
  multiple_instances?: string;
}
