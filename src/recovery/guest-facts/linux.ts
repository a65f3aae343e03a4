import type { Host } from '../../io/ports.ts';
import { dhcpFact } from './dhcp.ts';
import type { SeenFact, SeenFacts } from './format.ts';
import { filesIn, textAt } from './read.ts';
import { startingUnits } from './units.ts';

type Look = Pick<Host, 'files' | 'processes'>;

const units = {
  ssh: ['ssh.service', 'sshd.service', 'ssh.socket', 'sshd.socket'],
  time: [
    'chrony.service',
    'chronyd.service',
    'systemd-timesyncd.service',
    'ntp.service',
    'ntpd.service',
    'ntpsec.service',
  ],
  network: ['NetworkManager.service', 'systemd-networkd.service', 'networking.service'],
};

/**
 * What this Linux machine would bring along into EC2, as it is now and as it is set up for its next start.
 * What can't be looked at is left out: nothing is taken for granted.
 */
export async function linuxFacts(host: Look, signal: AbortSignal): Promise<SeenFacts> {
  const { files } = host;
  const starts = await startingUnits(host, Object.values(units).flat(), signal);
  const boot = await bootLines(host);
  const all: [keyof SeenFacts, SeenFact | undefined][] = [
    ['ena', await enaFact(host)],
    ['dhcp', starts && (await dhcpFact(files, starts, boot?.join('\n')))],
    ['remote_access', starts && started(starts, units.ssh, 'an SSH server')],
    ['account', await accountFact(host)],
    ['serial_console', boot && serialFact(boot)],
    ['time', starts && started(starts, units.time, 'what keeps the time')],
  ];
  return Object.fromEntries(all.filter(([, fact]) => fact !== undefined));
}

function started(starts: ReadonlySet<string>, names: readonly string[], what: string): SeenFact {
  const own = names.filter(name => starts.has(name));
  return own.length > 0
    ? { ok: true, what: `${own.join(', ')} starts with the machine` }
    : { ok: false, what: `${what} doesn't start with the machine: none of ${names.join(', ')}` };
}

/** Every kernel that is installed, since any of them may be started. Source: modules.dep(5). */
async function enaFact({ files }: Look): Promise<SeenFact | undefined> {
  const has: string[] = [];
  const lacks: string[] = [];
  for (const folder of [
    ...(await filesIn(files, '/usr/lib/modules')),
    ...(await filesIn(files, '/lib/modules')),
  ]) {
    const loadable = await textAt(files, `${folder}/modules.dep`);
    if (loadable === undefined) continue;
    const all = `${loadable}\n${(await textAt(files, `${folder}/modules.builtin`)) ?? ''}`;
    const release = folder.slice(folder.lastIndexOf('/') + 1);
    (/\/ena\.ko(\.\w+)?(:|$)/m.test(all) ? has : lacks).push(release);
  }
  const named = (releases: string[]) => [...new Set(releases)].join(', ');
  if (lacks.length > 0) return { ok: false, what: `the kernel ${named(lacks)} has no ena` };
  return has.length > 0 ? { ok: true, what: `the kernel ${named(has)} has ena` } : undefined;
}

/** What kernels are started with the next time; undefined where no boot loader is known to say it. */
async function bootLines({ files }: Look): Promise<string[] | undefined> {
  const found: string[] = [];
  for (const folder of ['/boot/grub', '/boot/grub2']) {
    const environment = (await textAt(files, `${folder}/grubenv`)) ?? '';
    const kept = /^kernelopts=(.*)$/m.exec(environment)?.[1] ?? '';
    const config = (await textAt(files, `${folder}/grub.cfg`)) ?? '';
    const lines = config.split('\n').filter(line => /^\s*linux(16|efi)?\s/.test(line));
    found.push(...lines.map(line => line.replace(/\$\{?kernelopts\}?/, kept)));
    if (!config.includes('blscfg')) continue;
    for (const path of await filesIn(files, '/boot/loader/entries', '.conf')) {
      const options = /^options\s+(.*)$/m.exec((await textAt(files, path)) ?? '')?.[1];
      if (options !== undefined) found.push(options.replace(/\$\{?kernelopts\}?/, kept));
    }
  }
  const usual = found.filter(line => !/\s(single|recovery)(\s|$)/.test(line));
  return usual.length > 0 ? usual : undefined;
}

const serialFact = (lines: string[]): SeenFact =>
  lines.every(line => /\bconsole=ttyS0\b/.test(line))
    ? { ok: true, what: 'the boot loader gives the kernel console=ttyS0' }
    : { ok: false, what: "the boot loader doesn't give each kernel console=ttyS0" };

/** Accounts that are named at most. */
const mostNamed = 3;

/** Who can sign in without a directory that may be out of reach. Source: passwd(5), shadow(5). */
async function accountFact({ files }: Look): Promise<SeenFact | undefined> {
  const [passwd, shadow] = await Promise.all(['/etc/passwd', '/etc/shadow'].map(path => textAt(files, path)));
  if (passwd === undefined) return undefined;
  const secrets = new Map(
    (shadow ?? '').split('\n').map(line => {
      const [name = '', secret = ''] = line.split(':');
      return [name, secret] as const;
    }),
  );
  const able: string[] = [];
  for (const line of passwd.split('\n')) {
    const [name = '', , uid, , , home, shell = ''] = line.split(':');
    if (home === undefined || /\/(nologin|false|sync|shutdown|halt)$/.test(shell)) continue;
    if (uid !== '0' && !(Number(uid) >= 1000)) continue;
    const keys = await textAt(files, `${home}/.ssh/authorized_keys`);
    if (/^\s*[^#\s]/m.test(keys ?? '')) able.push(`${name} by key`);
    else if (/^[^!*]/.test(secrets.get(name) ?? '')) able.push(`${name} by password`);
  }
  if (able.length > 0)
    return { ok: true, what: `${able.slice(0, mostNamed).join(', ')} can sign in without a directory` };
  // Without /etc/shadow nobody knows of passwords.
  return shadow === undefined
    ? undefined
    : { ok: false, what: 'nobody can sign in without a directory: no account has a key or a password' };
}
