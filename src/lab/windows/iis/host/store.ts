import type { Files } from '../../../../io/ports.ts';
import type { Machine } from '../../machine/machine.ts';
import { AppcmdError, configurationError, EXIT, refused, say } from '../text/messages.ts';
import { NotWellFormed, parseXml, printXml, type XmlFile } from '../text/xml.ts';

export const CONFIG_DIRECTORY = 'C:\\Windows\\System32\\inetsrv\\config';
export const HOST_CONFIG = `${CONFIG_DIRECTORY}\\applicationHost.config`;

/** The configuration files of one command: read once, written together. */
export interface Store {
  /** Undefined when there is no such file. Throws a configuration error when it isn't well-formed. */
  read(path: string): Promise<XmlFile | undefined>;
  /** The file to edit, an empty configuration when there was none. */
  edit(path: string): Promise<XmlFile>;
  /**
   * Writes what was edited, or nothing. Throws `c00cee2b` when a file was changed by somebody else since it
   * was read.
   */
  commit(): Promise<void>;
}

interface Entry {
  /** As it was first asked for; entries are found in any case. */
  path: string;
  found: Buffer | undefined;
  file: XmlFile | undefined;
  edited: boolean;
}

/** Comparing and writing is one step for all commands of a host. */
const turns = new WeakMap<Files, Promise<unknown>>();

export function openStore(machine: Machine): Store {
  const { files } = machine;
  const entries = new Map<string, Entry>();
  async function load(path: string): Promise<Entry> {
    const key = path.toLowerCase();
    const known = entries.get(key);
    if (known) return known;
    const found = await files.read(path);
    const made: Entry = { path, found, file: found && parse(path, found), edited: false };
    entries.set(key, made);
    return made;
  }
  async function write(): Promise<void> {
    const edited = [...entries.values()].filter(entry => entry.edited);
    if (edited.length === 0) return;
    for (const { path, found } of edited) {
      const now = await files.read(path);
      if (now === undefined ? found !== undefined : !found?.equals(now)) throw conflict();
      const directory = await files.stat(path.replace(/\\[^\\]*$/, ''));
      if (directory?.kind !== 'directory') throw refused(EXIT.pathNotFound, 'pathNotFound');
    }
    for (const entry of edited) {
      const bytes = Buffer.from(printXml(entry.file!));
      await files.writeAtomic(entry.path, bytes);
      entry.found = bytes;
      entry.edited = false;
    }
  }
  return {
    read: async path => (await load(path)).file,
    edit: async path => {
      const entry = await load(path);
      entry.file ??= parseXml(EMPTY);
      entry.edited = true;
      return entry.file;
    },
    commit: async () => {
      const turn = (turns.get(files) ?? Promise.resolve()).then(write);
      turns.set(
        files,
        turn.catch(() => undefined),
      );
      await turn;
    },
  };
}

const EMPTY = '<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n</configuration>\n';

const conflict = () =>
  new AppcmdError(EXIT.commitFailed, language => say(language, 'commitFailed'), EXIT.commitFailed);

function parse(path: string, bytes: Buffer): XmlFile {
  try {
    return parseXml(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof NotWellFormed)
      throw configurationError(EXIT.invalidData, path, error.line, 'notWellFormed');
    throw error;
  }
}
