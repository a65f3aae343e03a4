import type { Lab } from '../lab/open-lab.ts';
import { type ClientOptions, type ClientRecord, sharedClients } from './client-record.ts';

/** The same clients at the lab's endpoints, which take every target's place. */
export const labClients = (options: ClientOptions, lab: Lab): ClientRecord => ({
  ...sharedClients(options),
  async vsphere(_, calls) {
    const { connectVsphere } = await import('../../vsphere/client/connect.ts');
    const { username, password } = lab.settings.vsphere;
    const client = await connectVsphere({
      clock: options.host.clock,
      onCall: kind => calls[kind](),
      url: lab.vsphere.url,
      ca: lab.vsphere.caPem,
      username,
      password: async () => password,
    });
    options.closing.push(() => client.close());
    return client;
  },
  git: async () => (await import('../../content/git-access.ts')).labGit(lab.web.url),
});
