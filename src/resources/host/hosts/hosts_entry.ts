import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Claim,
  Id,
  Observation,
  Outcome,
} from '../../../engine/model/resource-type.ts';
import { addressFamily } from '../../../io/ip-address.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesFiles } from '../../shared/realms.ts';
import { hostPath } from '../paths/path.ts';
import { contentClaim } from '../paths/path-claims.ts';
import {
  addressesOf,
  familyOf,
  type HostsLine,
  parseHosts,
  sameAddress,
  withEntry,
  withoutNames,
  writeHosts,
} from './hosts-file.ts';
import { listEntries } from './list-hosts.ts';

export interface HostsEntryState {
  /** All addresses that the name has in the family, with commas between. */
  address: string;
  /** Those of the declared ones that have this address alone. */
  aliases?: string[];
}

const label = '[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?';
const name = `^${label}(\\.${label})*$`;

const schema = Type.Object(
  {
    host: Type.Optional(
      Type.String({ description: 'The host name, when the title is only a name.', pattern: name }),
    ),
    address: Type.String({ description: 'Its IPv4 or IPv6 address.', minLength: 1 }),
    aliases: Type.Optional(
      Type.Array(Type.String({ pattern: name }), {
        description: 'More names of the same address. Others that share its line stay.',
        'x-unordered': true,
        uniqueItems: true,
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type HostsEntryProperties = Static<typeof schema>;

export const hostsEntry: BuiltInType<typeof schema, HostsEntryState, Declaration> = {
  name: 'hosts_entry',
  doc: `A name in this host's own table of addresses: \`/etc/hosts\`, on Windows \`System32\\drivers\\etc\\hosts\`.
The title is the host name, or \`host:\` says it.

The name has this address and no other of its family; one with an IPv4 and an IPv6 address takes two entries.
Comments, other names on a line, line ends and encoding of the file stay as they are.`,
  version: 1,
  schema,
  runs: { on: 'host', elevated: true },
  realm: { name: 'hosts', concurrency: 1, alsoDirties: writesFiles('hosts') },
  check({ host, address }, title) {
    const of = host ?? title;
    return [
      ...(new RegExp(name).test(of)
        ? []
        : [mistake(host === undefined ? '' : '/host', 'bad-host', `${of} isn't a host name`)]),
      ...(addressFamily(address) === undefined
        ? [
            mistake(
              '/address',
              'bad-address',
              `${address} isn't an IP address`,
              'write it like 10.0.0.7 or fd00::7',
            ),
          ]
        : []),
    ];
  },
  identity: ({ host, address }, title) => `${(host ?? title).toLowerCase()} ipv${familyOf(address)}`,
  claims({ address, aliases = [] }, id, { platform }) {
    const nameClaim = (named: string, pointer: string): Claim => ({
      what: `the IPv${familyOf(address)} address of ${named}`,
      pointer,
      evenAbsent: true,
    });
    return [
      contentClaim(platform === 'win32' ? windowsTable : linuxTable, '', 'entries'),
      nameClaim(id.slice(0, id.indexOf(' ')), ''),
      ...aliases.map((alias, index) => nameClaim(alias.toLowerCase(), `/aliases/${index}`)),
    ];
  },
  desired: ({ address, aliases }) => ({
    address: spelled(address),
    ...(aliases && { aliases: aliases.map(lower) }),
  }),
  async observe(asked, io) {
    const seen = await readLines(io).catch(error => oneDiagnostic(error));
    return new Map(
      asked.map(one => [
        one.id,
        Array.isArray(seen) ? look(one, seen) : { state: 'failed' as const, diagnostic: seen },
      ]),
    );
  },
  async *list(query, io) {
    yield* listEntries(await readLines(io), query);
  },
  toManifest: declarationToManifest,
  async apply(steps, io) {
    const outcome = await edit(io, lines =>
      steps.reduce((edited, { kind, asked }) => {
        const { address } = asked.properties;
        return kind === 'delete'
          ? withoutNames(edited, namesOf(asked), familyOf(address))
          : withEntry(edited, { address, names: namesOf(asked) }, newlineOf(edited, io));
      }, lines),
    );
    return new Map(steps.map(({ id }): [Id, Outcome] => [id, outcome]));
  },
};

const linuxTable = '/etc/hosts';
const windowsTable = 'c:/windows/system32/drivers/etc/hosts';

const lower = (text: string) => text.toLowerCase();
const namesOf = ({ title, properties: { host, aliases = [] } }: Asked<HostsEntryProperties>): string[] => [
  host ?? title,
  ...aliases,
];

/** An address as it is observed. */
const spelled = (address: string): string =>
  addressesOf([{ text: '', end: '', address, names: ['x'] }], 'x', familyOf(address))[0]!;

function look(
  { title, properties }: Asked<HostsEntryProperties>,
  lines: HostsLine[],
): Observation<HostsEntryState> {
  const { address, aliases } = properties;
  const family = familyOf(address);
  const found = addressesOf(lines, properties.host ?? title, family);
  const has = (alias: string) => {
    const addresses = addressesOf(lines, alias, family);
    return addresses.length === 1 && sameAddress(addresses[0]!, address);
  };
  // One that is declared absent takes its aliases with it.
  const anyAlias = (aliases ?? []).some(alias => addressesOf(lines, alias, family).length > 0);
  if (found.length === 0 && !anyAlias) return { state: 'absent' };
  return {
    state: 'present',
    value: { address: found.join(', '), ...(aliases && { aliases: aliases.filter(has).map(lower) }) },
  };
}

function hostsPath({ platform, env, cwd }: ReadIo): string {
  if (platform !== 'win32') return linuxTable;
  const root = env.SystemRoot ?? env.SYSTEMROOT ?? 'C:\\Windows';
  return hostPath(`${root}\\System32\\drivers\\etc\\hosts`, { platform, cwd });
}

async function readLines(io: ReadIo): Promise<HostsLine[]> {
  const path = hostsPath(io);
  const lines = parseHosts((await io.files.read(path)) ?? Buffer.alloc(0));
  if (lines) return lines;
  throw new Failure(
    world('hosts-encoding', `${path} is UTF-16, which no program reads as a table of hosts`, {
      hint: 'save it as plain text (ANSI or UTF-8)',
    }),
  );
}

const newlineOf = (lines: readonly HostsLine[], { platform }: ReadIo): string =>
  lines.find(({ end }) => end !== '')?.end ?? (platform === 'win32' ? '\r\n' : '\n');

async function edit(io: WriteIo, change: (lines: HostsLine[]) => HostsLine[]): Promise<Outcome> {
  try {
    const bytes = writeHosts(change(await readLines(io)));
    await io.step(`write ${hostsPath(io)}`);
    await io.files.writeAtomic(hostsPath(io), bytes);
    return { ok: true };
  } catch (error) {
    io.signal.throwIfAborted();
    return { ok: false, diagnostic: oneDiagnostic(error), retry: 'asked', undone: true };
  }
}
