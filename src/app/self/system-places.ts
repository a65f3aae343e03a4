import { join, posix, win32 } from 'node:path';
import type { Host } from '../../io/ports.ts';

/** Where an instance keeps what belongs to its masterless runs. */
export interface Places {
  /** State of all instances that this disk ever was; each has a folder of its own. */
  state: string;
  /** Public keys of those who may sign. */
  trust: string;
  /** What the runs said. */
  log: string;
}

/** On Windows below ProgramData; the log where Beanstalk keeps its own, which its snapshots take from. */
export function systemPlaces({ platform, env }: Pick<Host, 'platform' | 'env'>): Places {
  if (platform !== 'win32')
    return {
      state: '/var/lib/converge',
      trust: '/etc/converge/trust',
      log: posix.join('/var/log', 'converge.log'),
    };
  const own = win32.join(env.ProgramData ?? env.PROGRAMDATA ?? 'C:\\ProgramData', 'converge');
  const programs = env.ProgramFiles ?? env.PROGRAMFILES ?? 'C:\\Program Files';
  return {
    state: win32.join(own, 'state'),
    trust: win32.join(own, 'trust'),
    log: win32.join(programs, 'Amazon\\ElasticBeanstalk\\logs\\converge.log'),
  };
}

/** The same below the lab's folder. */
export const labPlaces = (dir: string): Places => ({
  state: join(dir, 'state'),
  trust: join(dir, 'host/etc/converge/trust'),
  log: join(dir, 'host/var/log/converge.log'),
});
