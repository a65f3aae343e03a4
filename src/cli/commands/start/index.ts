export { completeLine } from './complete.ts';
export { completion } from './completion.ts';
export { init } from './init.ts';
export { schema } from './schema.ts';
