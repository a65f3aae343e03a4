import type { Host } from '../ports.ts';

/** What a service manager hears about the process that it runs: sd_notify(3). */
export interface ServiceManager {
  /** It does what it is for. */
  ready(status: string): Promise<void>;
  /** It goes on: told by itself no more often than a third of the watchdog's time. Waits for nothing. */
  alive(): void;
  stopping(): Promise<void>;
}

/**
 * The systemd that runs this process; undefined when none has asked to be told. Node has no datagram sockets
 * of Unix, so `systemd-notify` sends what is said, and the unit takes it from any process of its own
 * (`NotifyAccess=all`). What can't be said stops nothing: a watchdog that hears nothing starts the service
 * anew.
 */
export function serviceManager({ env, processes, clock }: Host): ServiceManager | undefined {
  const socket = env.NOTIFY_SOCKET;
  if (!socket) return undefined;
  const watchdog = Number(env.WATCHDOG_USEC ?? 0) / 1000;
  const say = async (...args: string[]): Promise<void> => {
    const command = { file: 'systemd-notify', args, env: { NOTIFY_SOCKET: socket }, timeout: 10_000 };
    await processes.run(command).catch(() => {});
  };
  let said = Number.NEGATIVE_INFINITY;
  return {
    ready: status => say('--ready', `--status=${status}`),
    alive() {
      const now = clock.now();
      if (!(watchdog > 0) || (now >= said && now - said < watchdog / 3)) return;
      said = now;
      void say('WATCHDOG=1');
    },
    stopping: () => say('STOPPING=1'),
  };
}
