/**
 * Tag on what converge makes for good in an account: which request made it. A record of the same value says
 * what that was, so that an object which somebody else made under the same name isn't taken for it.
 */
export const MADE_BY = 'converge:made-by';
