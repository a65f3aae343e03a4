import { hostname, release } from 'node:os';
import type { Define } from '../define.ts';
import { version } from '../version.ts';

export const facts: Define = (program, context, exit) => {
  program
    .command('facts')
    .description('print the facts about where this runs')
    .action(() => {
      const { host } = context.io;
      const all = {
        version: 1,
        converge: version,
        hostname: hostname(),
        os: host.platform === 'win32' ? 'windows' : host.platform,
        os_release: release(),
        architecture: process.arch,
        node: process.versions.node,
      };
      context.print(`${JSON.stringify(all, null, 2)}\n`);
      exit(0);
    });
};
