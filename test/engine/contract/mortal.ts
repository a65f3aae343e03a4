import type { World } from '../../../src/engine/model/world.ts';

class Killed extends Error {}

/**
 * A world whose process dies before the step of the given number (from 1): from then on nothing that
 * reaches the host, a client or the memory has any effect, as clean-up code has none after a kill.
 */
export function mortal(
  world: World,
  fatal: number,
): {
  world: World;
  step: (name: string) => Promise<void>;
  killed: () => boolean;
} {
  let steps = 0;
  let dead = false;
  const guard = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, key) {
        const member: unknown = Reflect.get(of, key);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (dead) throw new Killed('the process is dead');
          return member.apply(of, args);
        };
      },
    });
  const { host } = world;
  return {
    killed: () => dead,
    world: {
      ...world,
      host: { ...host, files: guard(host.files), processes: guard(host.processes) },
      memory: { engine: guard(world.memory.engine), of: async type => guard(await world.memory.of(type)) },
      connect: async (...args) => guard((await world.connect(...args)) as object),
    },
    step: async () => {
      steps++;
      if (steps >= fatal) dead = true;
      if (dead) throw new Killed('the process is dead');
    },
  };
}
