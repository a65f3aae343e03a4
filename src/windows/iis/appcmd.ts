import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { CommandResult } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { childrenNamed, parseXml, type XmlElement, XmlError } from '../../io/xml.ts';
import { runTool, succeeded, type Tool, toolFailure } from '../../programs/run-tool.ts';
import { system32 } from '../tools/programs.ts';

export type IisObject = 'apppool' | 'site' | 'app' | 'vdir';

const appcmdPath = (io: Pick<ReadIo, 'env'>): string => system32(io, 'inetsrv', 'appcmd.exe');

/** IIS brings appcmd.exe; without it there is nothing to observe. */
export const isIisInstalled = async (io: ReadIo): Promise<boolean> =>
  (await io.files.stat(appcmdPath(io))) !== undefined;

/**
 * Every object of a kind with its whole configuration, defaults included: one process, however many
 * objects. Each element has the kind's name (`SITE`), `SITE.NAME`, `state`, and the configuration
 * element inside.
 */
export async function listObjects(io: ReadIo, kind: IisObject): Promise<XmlElement[]> {
  return list(io, kind.toUpperCase(), ['list', kind, '/config:*', '/xml']);
}

/** The effective configuration of one section at one place: the `CONFIG` element, or undefined. */
export async function listSection(
  io: ReadIo,
  path: string,
  section: string,
): Promise<XmlElement | undefined> {
  const place = path === '' ? [] : [path];
  const [found] = await list(io, 'CONFIG', [
    'list',
    'config',
    ...place,
    `/section:${section}`,
    '/config:*',
    '/xml',
  ]);
  return found;
}

async function list(io: ReadIo, name: string, args: string[]): Promise<XmlElement[]> {
  const result = await io.run({ file: appcmdPath(io), args, timeout: readLimit });
  // "Nothing matched" is exit code 1 with no text; an error is text on stdout.
  if (result.exitCode === 1 && result.stdout.trim() === '') return [];
  if (!succeeded(result)) throw new Failure(refused(args, result));
  try {
    return childrenNamed(parseXml(result.stdout), name);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new Failure(
      world('appcmd-unreadable', own`appcmd ${args.slice(0, 2).join(' ')} printed no XML: ${error.message}`),
    );
  }
}

/** Milliseconds. */
const readLimit = 2 * 60_000;
const changeLimit = 5 * 60_000;

/**
 * Exit codes of a configuration that somebody else wrote at the same time: 0xc00cee2b or its low word
 * (nobody has seen which), and ERROR_SHARING_VIOLATION. 33 isn't one of them: that is a locked section.
 */
const conflicts = new Set([0xc00cee2b, 0xee2b, 32]);
const policy = { attempts: 4, first: 500 };

/**
 * Changes one object, after a backup of the configuration if this run has made none yet. A conflict with
 * another writer is tried again a few times. Rejects with a Failure that has appcmd's own words.
 */
export async function change(io: WriteIo, args: string[]): Promise<void> {
  await refuseSharedConfiguration(io);
  await io.once('appcmd backup', () => backup(io));
  await io.step(`appcmd ${args.slice(0, 3).join(' ')}`);
  const isNotYet = ({ exitCode }: CommandResult) => conflicts.has(exitCode);
  const { clock, signal } = io;
  const result = await retry(policy, { clock, signal, isNotYet }, () =>
    io.run({ file: appcmdPath(io), args, timeout: changeLimit }),
  );
  if (!succeeded(result)) throw new Failure(refused(args, result));
}

/** How many of converge's backups of the configuration are kept. */
const backupsKept = 10;

async function backup(io: WriteIo): Promise<void> {
  const name = `converge-${new Date(io.clock.now()).toISOString().replace(/[:.]/g, '-')}`;
  const args = ['add', 'backup', name];
  // 183: another run made one in the same millisecond, of the same configuration.
  const command = { file: appcmdPath(io), args, timeout: changeLimit };
  await runTool(io, tool, command, whatOf(args), [183]);
  const all = (await io.files.list(system32(io, 'inetsrv', 'backup'))) ?? [];
  const ours = all.filter(one => one.startsWith('converge-')).sort();
  for (const old of ours.slice(0, -backupsKept))
    await io.run({ file: appcmdPath(io), args: ['delete', 'backup', old], timeout: changeLimit });
}

/** A configuration on a share belongs to a farm: a change here is a change of every machine of it. */
async function refuseSharedConfiguration(io: WriteIo): Promise<void> {
  if (io.env.CONVERGE_SHARED_IIS === 'allow') return;
  const file = system32(io, 'inetsrv', 'config', 'redirection.config');
  const text = (await io.files.read(file))?.toString('utf8') ?? '';
  if (!/<configurationRedirection\b[^>]*\benabled\s*=\s*"true"/i.test(text)) return;
  throw new Failure(
    world('iis-shared-configuration', 'the configuration of this IIS is shared with other machines', {
      hint: 'set CONVERGE_SHARED_IIS=allow for this run if all of them are to change',
    }),
  );
}

const whatOf = (args: readonly string[]): string => `\`appcmd ${args.slice(0, 3).join(' ')}\` failed`;

const refused = (args: readonly string[], result: CommandResult) => toolFailure(tool, whatOf(args), result);

/** It writes its errors to stdout, in the language of the machine. */
const tool: Tool = {
  name: 'appcmd',
  failed: 'appcmd-failed',
  words: ['stdout', 'stderr'],
  exits: {
    5: { code: 'access-denied', hint: 'run converge as an administrator' },
    33: {
      code: 'iis-section-locked',
      hint: 'add `unlock: true`, or leave `commit:` out so that applicationHost.config is written',
    },
    87: {
      code: 'iis-unknown-name',
      hint: 'check the names: this IIS has no such section, attribute or value',
    },
    183: {
      code: 'iis-object-exists',
      hint: 'it was made at the same time by somebody else: run again',
    },
    1168: { code: 'iis-object-missing', hint: 'declare what makes it, or correct its name' },
  },
};

/** Whether appcmd knew no such section: the feature that brings it is missing (ERROR_INVALID_PARAMETER). */
export const sectionIsUnknown = (error: unknown): boolean => failedWith(error, 'iis-unknown-name');

/** Whether appcmd found no site, application or other object of the name (ERROR_NOT_FOUND). */
export const objectIsMissing = (error: unknown): boolean => failedWith(error, 'iis-object-missing');
