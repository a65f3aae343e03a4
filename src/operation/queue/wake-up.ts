import type { Lane } from '../dispatch.ts';

/** One queue: the VMs of a vCenter whose cycles are short, or read everything. */
export interface Line {
  /** Of the vCenter: what limits are for. */
  domain: string;
  lane: Lane;
}

/**
 * Says to whoever has a free slot that it should look at a VM. It decides nothing: whether the VM is due, how
 * it is moved and what came of it are in the manifests and the repository.
 */
export interface WakeUp {
  /** Of what this looks like. */
  wake: 1;
  /** Address of the VM: `protected_vm:dc02`. */
  vm: string;
  /** SHA-256 (hex) of what whoever offers it has declared for the VM. */
  declared: string;
  /** Of converge. */
  version: string;
  /** Id of the mover that offers it. */
  by: string;
}

/** What a mover tells about a wake-up that it answered. Nothing is believed that the repository can tell. */
export type Answer =
  | { result: 'made' | 'seen' | 'busy' | 'paused' | 'put-back'; long?: true }
  /** `elsewhere`: that mover is cut off, and another one may do better at once. */
  | { result: 'failed'; code: string; message: string; elsewhere?: true }
  /** It isn't for this mover, or that one ends: somebody else may. */
  | { result: 'declined' };

const results = new Set<unknown>(['made', 'seen', 'busy', 'paused', 'put-back']);

/** The longest message that an answer may carry. */
const longest = 500;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= most;

/** What somebody put into a queue, as a wake-up; undefined: it is something else. */
export function wakeUpIn(data: unknown): WakeUp | undefined {
  if (!isRecord(data) || data.wake !== 1) return undefined;
  const { vm, declared, version, by } = data;
  if (!isText(vm, 1_000) || !isText(version, 100) || !isText(by, 100)) return undefined;
  if (!isText(declared, 64) || !/^[0-9a-f]{64}$/.test(declared)) return undefined;
  return { wake: 1, vm, declared, version, by };
}

/** The answer to a wake-up; what is something else says nothing. */
export function answerIn(data: unknown): Answer {
  if (!isRecord(data)) return { result: 'declined' };
  const { result, code, message, long, elsewhere } = data;
  if (result === 'failed' && isText(code, 100) && typeof message === 'string')
    return {
      ...{ result, code, message: message.slice(0, longest) },
      ...(elsewhere === true && { elsewhere }),
    };
  if (results.has(result)) return { result: result as 'made', ...(long === true && { long: true as const }) };
  return { result: 'declined' };
}

/** Engines of queues know so many priorities; 1 is the first. */
const lowest = 2 ** 21;
const fiveMinutes = 300_000;
const since = Date.UTC(2026, 0, 1);

/**
 * The earliest deadline first; of those within the same five minutes, as they came. That is fine enough for
 * two decades; after them all are as they came.
 *
 * @param deadline ms since the epoch
 */
export const priorityOf = (deadline: number): number =>
  Math.min(lowest, Math.max(1, 1 + Math.floor((deadline - since) / fiveMinutes)));
