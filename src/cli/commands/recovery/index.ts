export { failback } from './failback.ts';
export { failover } from './failover.ts';
export { readiness } from './readiness.ts';
