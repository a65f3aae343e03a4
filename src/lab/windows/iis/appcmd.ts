import type { Language, Tool } from '../machine/machine.ts';
import { backupCommand } from './backup.ts';
import { configCommand } from './config/command.ts';
import { openServer, type Server } from './host/host.ts';
import { objectCommand } from './objects/command.ts';
import type { KindName } from './objects/kinds.ts';
import { type Arguments, readArguments } from './text/args.ts';
import { AppcmdError, EXIT, failure } from './text/messages.ts';
import { type Result, show } from './text/output.ts';

/** appcmd.exe of IIS 10: what it reads and writes is below `C:\Windows\System32\inetsrv`. */
export const appcmd: Tool = async (call, machine) => {
  const lines: string[] = [];
  let exitCode = 0;
  const each = async (work: () => Promise<string[]>) => {
    try {
      lines.push(...(await work()));
    } catch (error) {
      if (!(error instanceof AppcmdError)) throw error;
      lines.push(errorText(error, machine.language));
      if (exitCode === 0) exitCode = error.exitCode;
    }
  };
  await each(async () => {
    const args = readArguments(call.args);
    const server = await openServer(machine, call.env);
    const result = args.help ? HELP : await run(server, args, call.input, each);
    if (result && exitCode === 0) exitCode = result.exitCode;
    return result?.lines ?? [];
  });
  return { exitCode: exitCode >>> 0, stdout: lines.map(line => `${line}\r\n`).join(''), stderr: '' };
};

/** appcmd has its errors on stdout; the word ERROR is never translated. */
function errorText(error: AppcmdError, language: Language): string {
  const text = error.text(language);
  if (error.hresult === null) return text;
  const hresult =
    error.hresult === undefined ? '' : `hresult:${error.hresult.toString(16).padStart(8, '0')}, `;
  return `ERROR ( ${hresult}message:${text} )`;
}

type Each = (work: () => Promise<string[]>) => Promise<void>;

const OBJECTS: Record<string, KindName> = { site: 'SITE', app: 'APP', vdir: 'VDIR', apppool: 'APPPOOL' };

async function run(server: Server, args: Arguments, input: string, each: Each): Promise<Result | undefined> {
  const kind = args.kind.replace(/s$/, '');
  const object = OBJECTS[kind];
  if (object) return objectCommand(server, object, args, input, each);
  // Nobody serves requests here, so there is never a worker process.
  if ((kind === 'wp' || kind === 'request') && args.verb === 'list') return show([], args.output);
  if (kind === 'config') return configCommand(server, args, input, each);
  if (kind === 'backup') return backupCommand(server, args);
  throw failure(EXIT.invalidParameter, 'unsupportedObject', args.kind);
}

const HELP: Result = {
  exitCode: 0,
  lines: [
    'General purpose IIS command line administration tool.',
    '',
    'APPCMD (command) (object-type) <identifier> </parameter1:value1 ...>',
    '',
    'Supported object types: SITE APP VDIR APPPOOL CONFIG BACKUP WP REQUEST',
  ],
};
