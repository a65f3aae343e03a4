export { metrics } from './metrics.ts';
export { alert } from './alert.ts';
export { pause, resume } from './pause.ts';
export { status } from './status.ts';
