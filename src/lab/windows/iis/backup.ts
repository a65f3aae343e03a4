import type { Server } from './host/host.ts';
import { CONFIG_DIRECTORY } from './host/store.ts';
import type { Arguments } from './text/args.ts';
import { EXIT, failure, refused, say } from './text/messages.ts';
import { type Result, show } from './text/output.ts';
import { element } from './text/xml.ts';

const BACKUPS = 'C:\\Windows\\System32\\inetsrv\\backup';
/** What a backup holds, as far as it is there. */
const FILES = ['applicationHost.config', 'administration.config', 'redirection.config'];

/** `list`, `add`, `delete` and `restore` of backups. */
export async function backupCommand(server: Server, args: Arguments): Promise<Result> {
  const { files, language } = server.machine;
  const name = args.identifier ?? args.parameters.get('backup.name') ?? args.parameters.get('name');
  const all = (await files.list(BACKUPS)) ?? [];
  const known = all.find(each => each.toLowerCase() === name?.toLowerCase());
  const done = (text: string): Result => ({ exitCode: 0, lines: [text] });
  if (args.verb === 'list') return show(rows(name === undefined ? all : known ? [known] : []), args.output);
  if (args.verb === 'add') {
    const made = name ?? stamp(server.machine.clock.now());
    if (known !== undefined) throw refused(EXIT.alreadyExists, 'fileExists');
    await copy(server, CONFIG_DIRECTORY, `${BACKUPS}\\${made}`);
    return done(say(language, 'added', 'BACKUP', made));
  }
  if (args.verb !== 'delete' && args.verb !== 'restore')
    throw failure(EXIT.notSupported, 'unsupportedVerb', args.verb, 'BACKUP');
  if (name === undefined)
    throw failure(EXIT.invalidParameter, 'exactIdentifier', 'BACKUP', args.verb.toUpperCase());
  if (known === undefined) throw failure(EXIT.notFound, 'noSuchObject', 'BACKUP', name);
  if (args.verb === 'restore') {
    await copy(server, `${BACKUPS}\\${known}`, CONFIG_DIRECTORY);
    return done(say(language, 'restored', known));
  }
  await files.remove(`${BACKUPS}\\${known}`, { recursive: true });
  return done(say(language, 'deleted', 'BACKUP', known));
}

async function copy({ machine: { files } }: Server, from: string, to: string): Promise<void> {
  await files.mkdir(to, { recursive: true });
  for (const name of FILES) {
    const bytes = await files.read(`${from}\\${name}`);
    if (bytes) await files.writeAtomic(`${to}\\${name}`, bytes);
  }
}

/** `20060519T172530`, as appcmd names a backup that has no name. */
const stamp = (now: number) => new Date(now).toISOString().replace(/[-:]/g, '').slice(0, 15);

const rows = (names: string[]) =>
  names.map(id => ({
    kind: 'BACKUP',
    id,
    facts: [['BACKUP.NAME', id] as [string, string]],
    summary: '',
    config: () => element('backup'),
    property: () => id,
  }));
