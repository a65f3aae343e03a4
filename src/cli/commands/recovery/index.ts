export { failover } from './failover.ts';
export { readiness } from './readiness.ts';
