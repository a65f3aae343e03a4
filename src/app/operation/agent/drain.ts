import { join } from 'node:path';
import { blocked, Failure } from '../../../diagnostics/diagnostic.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { type Lock, takeLock } from '../../../io/locks/lock.ts';
import type { Host } from '../../../io/ports.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { stateDirOf } from '../../session/own-state.ts';

const folder = (stateDir: string): string => join(stateDir, 'agent');
const request = (stateDir: string): string => join(folder(stateDir), 'drain');

/** How long somebody waits for the cycles that run, ms: a first copy may take days. */
const longest = 7 * 86_400_000;

/**
 * The state folder is this agent's for as long as it runs. A request to drain that an earlier one was sent is
 * void.
 *
 * @throws Failure `agent-runs`, blocked
 */
export async function beAgentOf(host: Host, stateDir: string, signal: AbortSignal): Promise<Lock> {
  const refused = (holder: string) =>
    blocked('agent-runs', `an agent with the state folder ${stateDir} runs already: ${holder}`, {
      hint: '`converge agent drain` ends it after its cycles; a second agent elsewhere has a folder of its own',
    });
  const lock = await takeLock(join(folder(stateDir), 'lock'), { host, timeout: 0, signal, refused });
  await host.files.remove(request(stateDir));
  return lock;
}

/** The same for whoever can do without: undefined where an agent runs. */
export async function mayBeAgentOf(
  host: Host,
  stateDir: string,
  signal: AbortSignal,
): Promise<Lock | undefined> {
  try {
    return await beAgentOf(host, stateDir, signal);
  } catch (error) {
    if (!(error instanceof Failure) || !error.hasOnly('agent-runs')) throw error;
    return undefined;
  }
}

export const isDraining = async (host: Host, stateDir: string): Promise<boolean> =>
  (await host.files.stat(request(stateDir))) !== undefined;

/**
 * Asks the agent with this state folder to begin nothing more, and waits until it has ended. False: there is
 * none.
 */
export async function drainAgent(context: Context, options: CommonOptions): Promise<boolean> {
  const { host, interrupt: signal } = context.io;
  const stateDir = stateDirOf(context, options);
  const path = join(folder(stateDir), 'lock');
  const refused = () => blocked('agent-runs', 'the agent goes on', { hint: 'wait for its cycles' });
  const free = async (timeout: number): Promise<boolean> => {
    try {
      const lock = await takeLock(path, { host, timeout, signal, refused });
      await lock.release();
      return true;
    } catch (error) {
      if (!(error instanceof Failure) || !error.hasOnly('agent-runs')) throw error;
      return false;
    }
  };
  if (await free(0)) return false;
  await host.files.writeAtomic(request(stateDir), Buffer.from('drain\n'), { private: true });
  await free(longest);
  await host.files.remove(request(stateDir));
  return true;
}

/** Where a state folder keeps who went by it last. */
const lastKey = 'agent-id';

/**
 * Takes the place of whoever went by this state folder before: that one is gone, since nobody else may go by
 * it at the same time. Gives back who that was; undefined: nobody.
 */
export async function succeed(
  memory: Pick<EngineMemory, 'get' | 'set'>,
  id: string,
): Promise<string | undefined> {
  const before = memory.get(lastKey);
  await memory.set(lastKey, id);
  return typeof before === 'string' ? before : undefined;
}
