export { hold, pin } from './keep.ts';
export { key } from './key.ts';
export { points } from './points.ts';
export { prune } from './prune.ts';
export { repair } from './repair.ts';
export { replicate } from './replicate.ts';
export { restore } from './restore.ts';
export { repository } from './stats.ts';
export { verify } from './verify.ts';
