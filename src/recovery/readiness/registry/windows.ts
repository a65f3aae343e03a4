import type { FirewallLook, IncomingRule } from '../../guest-facts/firewall-fact.ts';
import type { GuestFact, SeenFacts } from '../../guest-facts/format.ts';
import { factsOfWindows } from '../../guest-facts/windows-facts.ts';
import { type RegistryPlace, values } from '../../guest-facts/windows-values.ts';
import { type FileSystem, Unreadable } from '../bytes/disk-bytes.ts';
import { type Hive, openHive } from './hive.ts';
import { withLogs } from './logs.ts';

/** What the registry of a Windows that doesn't run says about its next start. Plain data. */
export interface RegistryFacts {
  /** A hive was being written when the disk was read, and its logs don't tell what it is to be. */
  isDirty: boolean;
  facts: SeenFacts;
}

const folder = 'Windows/System32/config';
const SYSTEM = String.raw`HKLM\SYSTEM\CurrentControlSet`;
const SOFTWARE = String.raw`HKLM\SOFTWARE`;
const DRIVERS = 'Windows/System32/DriverStore/FileRepository';
const FIREWALL = String.raw`Services\SharedAccess\Parameters\FirewallPolicy`;
const FIREWALL_BY_POLICY = String.raw`Policies\Microsoft\WindowsFirewall`;
const INTERFACES = String.raw`Services\Tcpip\Parameters\Interfaces`;
const TIME_ZONE = String.raw`Control\TimeZoneInformation`;

/** What policies say besides, of a hive that could not be read. */
const byPolicy: readonly GuestFact[] = ['remote_access', 'firewall', 'kms', 'time'];

/**
 * Reads the hives SYSTEM and SOFTWARE of a volume; undefined when it has no Windows. Of SYSTEM the control
 * set counts that is current.
 *
 * @throws Unreadable when SYSTEM is something else
 */
export async function registryFacts(files: FileSystem): Promise<RegistryFacts | undefined> {
  const system = await hiveIn(files, 'SYSTEM');
  if (!system) return undefined;
  const current = await system.value('Select', 'Current');
  if (current === undefined || !/^[1-9]\d{0,2}$/.test(current))
    throw new Unreadable('it has no control set that is current');
  const set = `ControlSet${current.padStart(3, '0')}`;
  const software = await unless(() => hiveIn(files, 'SOFTWARE'));
  const known = new Map<string, string>();
  const keyOf = ({ key, name }: RegistryPlace) => `${key}\\${name}`;
  for (const place of Object.values<RegistryPlace>(values)) {
    const found = place.key.startsWith(`${SYSTEM}\\`)
      ? await system.value(set + place.key.slice(SYSTEM.length), place.name)
      : place.key.startsWith(`${SOFTWARE}\\`)
        ? await software?.value(place.key.slice(SOFTWARE.length + 1), place.name)
        : undefined;
    if (found !== undefined) known.set(keyOf(place), found);
  }
  const drivers = await unless(async () => (await files.list(DRIVERS))?.map(({ name }) => name));
  const facts = factsOfWindows({
    get: place => known.get(keyOf(place)),
    drivers,
    firewall: (await unless(() => firewallOf(system, set, software))) ?? null,
    accounts: null,
    license: null,
  });
  if (!software) for (const name of byPolicy) delete facts[name];
  await adding(facts, system, set);
  return { isDirty: system.isDirty || (software?.isDirty ?? false), facts };
}

/** A hive, with what its logs hold beyond it where it was being written. @throws Unreadable */
async function hiveIn(files: FileSystem, name: string): Promise<Hive | undefined> {
  const file = await files.open(`${folder}/${name}`);
  if (!file) return undefined;
  const hive = await openHive(file);
  if (!hive.isDirty) return hive;
  const whole = await unless(async () => {
    const logs = await Promise.all(['LOG1', 'LOG2'].map(log => files.open(`${folder}/${name}.${log}`)));
    return withLogs(
      file,
      logs.filter(log => log !== undefined),
    );
  });
  return whole ? openHive(whole) : hive;
}

/** Undefined for what can't be read. */
async function unless<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** What a person wants to know besides, and what changes no answer. */
async function adding({ dhcp, time }: SeenFacts, system: Hive, set: string): Promise<void> {
  let [interfaces, fixed] = [0, 0];
  for (const name of (await system.keys(`${set}\\${INTERFACES}`)) ?? []) {
    interfaces++;
    if ((await system.value(`${set}\\${INTERFACES}\\${name}`, 'EnableDHCP')) === '0') fixed++;
  }
  if (dhcp && fixed > 0)
    dhcp.what += `; the addresses of ${fixed} of ${interfaces} interfaces are fixed, and stay with those of home`;
  const universal = await system.value(`${set}\\${TIME_ZONE}`, 'RealTimeIsUniversal');
  const zone = await system.value(`${set}\\${TIME_ZONE}`, 'TimeZoneKeyName');
  if (time?.ok && universal !== '1')
    time.what += `; until then it takes the machine's clock, which is in UTC, for the time of ${zone ?? 'its zone'}`;
}

/**
 * Of networks that Windows doesn't know. Undefined where a policy has a word in it, whose rules are others.
 * Source: MS-GPFAS, 2.2.2 (rules), and the names of its values.
 */
async function firewallOf(
  system: Hive,
  set: string,
  software: Hive | undefined,
): Promise<FirewallLook | undefined> {
  if (!software || (await software.keys(FIREWALL_BY_POLICY)) !== undefined) return undefined;
  const profile = `${set}\\${FIREWALL}\\PublicProfile`;
  const on = await system.value(profile, 'EnableFirewall');
  if (on === undefined) return undefined;
  const rules = await system.values(`${set}\\${FIREWALL}\\FirewallRules`);
  return {
    on: on !== '0',
    blocksAll: (await system.value(profile, 'DoNotAllowExceptions')) === '1',
    rules: [...rules.values()].flatMap(text => incoming(text) ?? []),
  };
}

/** `v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=3389|App=System|Name=...|` */
function incoming(text: string): IncomingRule | undefined {
  const of = Map.groupBy(
    text.split('|').map(part => part.split('=', 2) as [string, string?]),
    ([name]) => name.toLowerCase(),
  );
  const all = (name: RegExp) =>
    [...of].flatMap(([called, parts]) => (name.test(called) ? parts.map(([, value = '']) => value) : []));
  const first = (name: string) => of.get(name)?.[0]?.[1] ?? '';
  const profiles = all(/^profile$/);
  const counts =
    first('active').toLowerCase() === 'true' &&
    first('dir').toLowerCase() === 'in' &&
    ['', '6', '256'].includes(first('protocol')) &&
    (profiles.length === 0 || profiles.some(name => name.toLowerCase() === 'public'));
  if (!counts) return undefined;
  return {
    name: first('name'),
    allows: first('action').toLowerCase() === 'allow',
    ports: all(/^lport(2_10)?$/).join(','),
    from: all(/^ra[46]/).join(','),
    program: first('app'),
    service: first('svc'),
  };
}
