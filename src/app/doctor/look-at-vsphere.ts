import { type Answer, type Finding, findingsOf, leftOut } from '../../doctor/finding.ts';
import { judgeNbdkit, unusedNbdkit, worksBy } from '../../doctor/nbdkit.ts';
import { judgeProxy } from '../../doctor/proxy.ts';
import { judgeVm, type Reading } from '../../doctor/vm.ts';
import { judgeVsphere, type VsphereFacts } from '../../doctor/vsphere.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import type { CatalogResource, CatalogTarget } from '../../engine/model/catalog.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { ProtectedVmProperties } from '../../resources/vsphere/protection.ts';
import { excluded } from '../../resources/vsphere/replicate.ts';
import type { VsphereClient } from '../../vsphere/client/connect.ts';
import { readingOf } from '../connect/reading.ts';
import type { Session } from '../session/open-session.ts';
import { answerOf } from './answer.ts';
import { lookAtNbdkit } from './look-at-nbdkit.ts';
import { lookAtProxy } from './look-at-proxy.ts';

/** VMs of one server that are looked at together. */
const WIDTH = 8;

const uncounted: CallCounter = { made() {}, retried() {}, throttled() {} };

/** What of a vsphere target, and of the protected VMs there, is worth knowing; nothing is changed. */
export async function lookAtVsphere(
  session: Session,
  target: CatalogTarget,
  vms: readonly CatalogResource[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const of = `vsphere:${target.name}`;
  const { world, reach } = session;
  const { transport: wanted = 'auto', nbdkit } = readingOf(target, world.host.processes);
  const declared = nbdkit !== undefined || wanted === 'nbd';
  const around = { processes: world.host.processes, files: reach.machine.files };
  const tools =
    declared && wanted !== 'datastore'
      ? judgeNbdkit(of, await lookAtNbdkit(nbdkit ?? {}, around, signal))
      : [];
  const reading: Reading = { wanted, declared, works: worksBy(tools) };
  const connected = await answerOf(
    async () => (await world.connect(target, 'vsphere', uncounted)) as VsphereClient,
    signal,
  );
  const facts = await factsOf(target, connected, signal);
  const url = String(target.properties.url);
  // Where it isn't an address, the login says so.
  const proxy = URL.canParse(url) ? judgeProxy(of, await lookAtProxy(reach.network, url, signal)) : [];
  const unused = nbdkit !== undefined && wanted === 'datastore' ? [unusedNbdkit(of)] : [];
  const findings = [...proxy, ...judgeVsphere(of, facts), ...unused, ...tools];
  if ('failed' in connected)
    return [
      ...findings,
      ...vms.map(({ address }) =>
        leftOut(
          { of: address, what: 'VM', looked: 'RetrievePropertiesEx' },
          `nobody could look at it, since nobody is logged in at ${of}`,
          `mend what is said about ${of}`,
        ),
      ),
    ];
  const look = (vm: CatalogResource) => lookAtVm(connected.value, vm, reading, signal);
  for await (const found of pipelined([...vms], WIDTH, look)) findings.push(...found);
  return findings;
}

async function factsOf(
  { properties }: CatalogTarget,
  connected: Answer<VsphereClient>,
  signal: AbortSignal,
): Promise<VsphereFacts> {
  const username = String(properties.username);
  if ('failed' in connected) return { username, login: connected };
  const { about, clockAhead } = connected.value;
  return { username, login: { value: about }, ahead: await answerOf(clockAhead, signal) };
}

async function lookAtVm(
  client: VsphereClient,
  declared: CatalogResource,
  reading: Reading,
  signal: AbortSignal,
): Promise<Finding[]> {
  const facts = await answerOf(async () => {
    const machine = await client.machine(declared.title);
    const [vm, around] = await Promise.all([machine.inspect(signal), machine.surroundings(signal)]);
    return { vm, around };
  }, signal);
  if ('failed' in facts)
    return findingsOf(
      { of: declared.address, what: 'VM', looked: 'RetrievePropertiesEx' },
      facts.failed,
      undefined,
    );
  const exclude = excluded(declared.properties as unknown as ProtectedVmProperties);
  return judgeVm(declared.address, { ...facts.value, exclude, reading });
}
