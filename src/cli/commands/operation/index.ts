export { alert } from './alert.ts';
export { history } from './history.ts';
export { metrics } from './metrics.ts';
export { pause, resume } from './pause.ts';
export { status } from './status.ts';
