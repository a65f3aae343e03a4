export { alert } from './alert.ts';
export { doctor } from './doctor.ts';
export { history } from './history.ts';
export { metrics } from './metrics.ts';
export { open } from './open.ts';
export { pause, resume } from './pause.ts';
export { report } from './report.ts';
export { service } from './service.ts';
export { status } from './status.ts';
