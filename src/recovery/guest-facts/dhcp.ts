import type { ReadFiles } from '../../io/ports.ts';
import type { SeenFact } from './format.ts';
import { filesIn, sectionsOf, textAt } from './read.ts';

/** What Linux calls the first ENA of most Nitro types, and what it does without predictable names. */
const interfaceNames = { predictable: 'ens5', old: 'eth0' };

/**
 * Whether what sets up the network at the next start asks by DHCP on an ENA, an interface that this machine
 * doesn't have at home. Undefined when that can't be told.
 *
 * @param starts units that start with the machine
 * @param boot what the kernel is started with
 */
export async function dhcpFact(
  files: ReadFiles,
  starts: ReadonlySet<string>,
  boot: string | undefined,
): Promise<SeenFact | undefined> {
  const name = /\bnet\.ifnames=0\b/.test(boot ?? '') ? interfaceNames.old : interfaceNames.predictable;
  if (starts.has('NetworkManager.service')) return byNetworkManager(files, name);
  if (starts.has('systemd-networkd.service')) return byNetworkd(files, name);
  if (starts.has('networking.service')) return byIfupdown(files, name);
  return undefined;
}

/** Source: nm-settings-keyfile(5), NetworkManager.conf(5). */
async function byNetworkManager(files: ReadFiles, name: string): Promise<SeenFact> {
  const folder = '/etc/NetworkManager/system-connections';
  for (const path of await filesIn(files, folder, '.nmconnection')) {
    const all = sectionsOf((await textAt(files, path)) ?? '');
    const get = (section: string, key: string) => all.get(section)?.get(key);
    const fits =
      ['ethernet', '802-3-ethernet'].includes(get('connection', 'type') ?? '') &&
      [undefined, name].includes(get('connection', 'interface-name')) &&
      get('connection', 'autoconnect') !== 'false' &&
      get('ethernet', 'mac-address') === undefined &&
      get('match', 'interface-name') === undefined &&
      (get('match', 'driver') ?? 'ena').split(/[;,\s]+/).includes('ena');
    if (fits && get('ipv4', 'method') === 'auto')
      return { ok: true, what: `NetworkManager asks by DHCP on an ENA (${path})` };
  }
  const settings = await Promise.all(
    [
      '/etc/NetworkManager/NetworkManager.conf',
      ...(await filesIn(files, '/etc/NetworkManager/conf.d', '.conf')),
      ...(await filesIn(files, '/usr/lib/NetworkManager/conf.d', '.conf')),
    ].map(path => textAt(files, path)),
  );
  const isOff = settings.some(text =>
    sectionsOf(text ?? '')
      .get('main')
      ?.has('no-auto-default'),
  );
  return isOff
    ? { ok: false, what: 'no connection of NetworkManager fits an ENA, and no-auto-default is set' }
    : { ok: true, what: 'NetworkManager asks by DHCP where no connection fits' };
}

/** Folders by precedence: a file hides those of its name in later ones. Source: systemd.network(5). */
const networkdFolders = ['/etc/systemd/network', '/run/systemd/network', '/usr/lib/systemd/network'];

/** The first file that fits counts. Source: systemd.network(5). */
async function byNetworkd(files: ReadFiles, name: string): Promise<SeenFact | undefined> {
  const paths = new Map<string, string>();
  for (const folder of networkdFolders)
    for (const path of await filesIn(files, folder, '.network')) {
      const own = path.slice(folder.length);
      if (!paths.has(own)) paths.set(own, path);
    }
  for (const [, path] of [...paths].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const all = sectionsOf((await textAt(files, path)) ?? '');
    const fits = fitsEna(all.get('Match'), name);
    // What follows it may count, or not.
    if (fits === undefined) return undefined;
    if (!fits) continue;
    const isAsked = ['yes', 'true', 'ipv4', '1', 'on'].includes(all.get('Network')?.get('DHCP') ?? '');
    return isAsked
      ? { ok: true, what: `systemd-networkd asks by DHCP on an ENA (${path})` }
      : { ok: false, what: `${path} is what an ENA gets, without DHCP` };
  }
  return { ok: false, what: 'no file of systemd-networkd fits an ENA' };
}

/** Undefined when it has a condition that isn't known here. A file without any fits everything. */
function fitsEna(match: ReadonlyMap<string, string> | undefined, name: string): boolean | undefined {
  const says: Record<string, (words: string[]) => boolean> = {
    Driver: words => words.includes('ena'),
    Type: words => words.includes('ether'),
    Name: words => words.some(word => globbed(word, name)),
    // Those of EC2 are its own.
    MACAddress: () => false,
    PermanentMACAddress: () => false,
    // Of those that software makes.
    Kind: () => false,
    Path: () => false,
  };
  const conditions = [...(match ?? [])].filter(([, value]) => value !== '');
  const answers = conditions.map(([key, value]) =>
    value.startsWith('!') ? undefined : says[key]?.(value.split(/\s+/)),
  );
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
}

const globbed = (glob: string, name: string): boolean =>
  glob.endsWith('*') ? name.startsWith(glob.slice(0, -1)) : glob === name;

/** Source: interfaces(5) of ifupdown. */
async function byIfupdown(files: ReadFiles, name: string): Promise<SeenFact> {
  const paths = ['/etc/network/interfaces', ...(await filesIn(files, '/etc/network/interfaces.d'))];
  const texts = await Promise.all(paths.map(path => textAt(files, path)));
  const words = texts.flatMap(text => (text ?? '').split('\n').map(line => line.trim().split(/\s+/)));
  const asks = words.some(([verb, of, , how]) => verb === 'iface' && of === name && how === 'dhcp');
  const begins = words.some(([verb, ...of]) => /^(auto|allow-\w+)$/.test(verb!) && of.includes(name));
  return asks && begins
    ? { ok: true, what: `ifupdown asks by DHCP on ${name}` }
    : { ok: false, what: `ifupdown doesn't ask by DHCP on ${name}, which is what EC2's is called` };
}
