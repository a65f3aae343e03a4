import Type from 'typebox';

const day = Type.Union([
  Type.Literal('sun'),
  Type.Literal('mon'),
  Type.Literal('tue'),
  Type.Literal('wed'),
  Type.Literal('thu'),
  Type.Literal('fri'),
  Type.Literal('sat'),
]);

/** A window, as properties write it; its time zone is said beside the list. */
export const windowProperties = {
  days: Type.Optional(
    Type.Array(day, {
      description: 'Days on which it begins; every day when left out.',
      minItems: 1,
    }),
  ),
  from: Type.String({ description: 'When it opens, `HH:MM`.', format: 'time-of-day' }),
  to: Type.String({
    description: 'When it closes; on the next day if not after `from`.',
    format: 'time-of-day',
  }),
};
