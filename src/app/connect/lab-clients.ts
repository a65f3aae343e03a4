import type { Lab } from '../lab/open-lab.ts';
import { type ClientOptions, type ClientRecord, sharedClients } from './client-record.ts';
import { readingOf } from './reading.ts';

/** The same clients at the lab's endpoints, which take every target's place. */
export const labClients = (options: ClientOptions, lab: Lab): ClientRecord => ({
  ...sharedClients(options),
  async vsphere(target, calls) {
    const { connectVsphere } = await import('../../vsphere/client/connect.ts');
    const { username, password } = lab.settings.vsphere;
    const client = await connectVsphere({
      clock: options.host.clock,
      onCall: kind => calls[kind](),
      ...(calls.long && { long: calls.long }),
      url: lab.vsphere.url,
      ca: lab.vsphere.caPem,
      username,
      password: async () => password,
      reading: readingOf(target, options.host.processes),
    });
    options.closing.push(() => client.close());
    return client;
  },
  git: async () => (await import('../../content/git-access.ts')).labGit(lab.web.url),
});
