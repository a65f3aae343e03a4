import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { nodeFiles } from './node-files.ts';
import { nodeProcesses } from './node-processes.ts';
import type { Clock, Host, Random } from './ports.ts';

const nodeClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await setTimeout(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

export const nodeRandom: Random = {
  bytes: length => randomBytes(length),
  uuid: () => randomUUID(),
};

/** This machine. */
export function nodeHost(): Host {
  return {
    clock: nodeClock,
    random: nodeRandom,
    files: nodeFiles,
    processes: nodeProcesses(),
    platform: process.platform,
    env: process.env,
    cwd: process.cwd(),
  };
}
