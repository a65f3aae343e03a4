import type { SecretRef } from '../../engine/model/catalog.ts';
import { type ClientOptions, type ClientRecord, sharedClients } from './client-record.ts';
import { readingOf } from './reading.ts';

/** The clients of what manifests declare. */
export const worldClients = (options: ClientOptions): ClientRecord => ({
  ...sharedClients(options),
  async vsphere(target, calls) {
    const { host, reach, closing } = options;
    const [{ connectVsphere }, { readCa }] = await Promise.all([
      import('../../vsphere/client/connect.ts'),
      import('../../vsphere/client/target.ts'),
    ]);
    const { url, username, password, ca, sha256, datacenter } = target!.properties as Record<
      string,
      string
    > & { password: SecretRef };
    const client = await connectVsphere({
      clock: host.clock,
      network: reach.network,
      onCall: kind => calls[kind](),
      ...(calls.long && { long: calls.long }),
      url: url!,
      username: username!,
      password: () => reach.secret(password),
      reading: readingOf(target, host.processes),
      ...(ca !== undefined && { ca: await readCa(ca, host.files, host.cwd) }),
      ...(sha256 !== undefined && { sha256 }),
      ...(datacenter !== undefined && { datacenter }),
    });
    closing.push(() => client.close());
    return client;
  },
  git: async () => (await import('../../content/git-access.ts')).worldGit,
});
