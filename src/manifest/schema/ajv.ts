import { Ajv, type Options } from 'ajv';

/** V8 compiles an expression when it is first used, and only then says that it is too large. */
const compiled = Object.assign(
  (pattern: string, flags: string): RegExp => {
    const expression = new RegExp(pattern, flags);
    expression.test('');
    return expression;
  },
  { code: 'new RegExp' },
);

/**
 * Loaded only for schemas that have no precompiled validator. What can't be used is thrown at compilation.
 */
export const makeAjv = (options: Options): Ajv => new Ajv({ ...options, code: { regExp: compiled } });
