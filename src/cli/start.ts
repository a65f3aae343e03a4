/**
 * What every run but `--version` begins with. The build makes one chunk of all that this leads to
 * (tools/one-start.ts): finding, reading and linking a chunk costs more than most of what is in one.
 */
export { nodeHost } from '../io/node.ts';
export { main } from './main.ts';
