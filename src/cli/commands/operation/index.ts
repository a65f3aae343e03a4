export { metrics } from './metrics.ts';
export { alert } from './alert.ts';
export { open } from './open.ts';
export { pause, resume } from './pause.ts';
export { report } from './report.ts';
export { status } from './status.ts';
