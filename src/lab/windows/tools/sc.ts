import { failedAloud, said, type Text } from '../console/console.ts';
import type { Answer, Language, Machine, Tool } from '../machine/machine.ts';
import { dword, expandable, type RegistryValue, text } from '../registry/values.ts';
import { systemMessage } from '../services/messages.ts';
import { readServices, ServiceError, type Services, startTypes } from '../services/store.ts';

/** What the Windows API call is that fails, per verb; sc.exe names it. */
const calls: Record<string, string> = {
  query: 'EnumQueryServicesStatus:OpenService',
  queryex: 'EnumQueryServicesStatus:OpenService',
  qc: 'OpenService',
  qfailure: 'OpenService',
  enumdepend: 'OpenService',
  config: 'OpenService',
  description: 'OpenService',
  failure: 'OpenService',
  start: 'OpenService',
  stop: 'OpenService',
  delete: 'OpenService',
  create: 'CreateService',
};
const invalidCommandLine = 1639;

/** sc.exe on this machine. All is said on stdout; the exit code is the Win32 code. */
export const sc: Tool = async ({ args }, machine) => {
  const [verb = '', name, ...rest] = args;
  const lower = verb.toLowerCase();
  const { language } = machine;
  if (!Object.hasOwn(calls, lower))
    return failedAloud(invalidCommandLine, 'DESCRIPTION:\n        SC is a command line program\n');
  const services = await readServices(machine.files);
  if (lower === 'query' && (name === undefined || name.endsWith('='))) return list(services, language, args);
  if (name === undefined)
    return failedAloud(invalidCommandLine, `USAGE:\n        sc <server> ${lower} [service name]\n`);
  try {
    return await act(lower, name, rest, services, machine);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const call = error.code === 1060 || lower === 'create' ? calls[lower] : (failing[lower] ?? calls[lower]);
    const word = language === 'de' ? 'FEHLER' : 'FAILED';
    return failedAloud(
      error.code,
      `[SC] ${call} ${word} ${error.code}:\n\n${systemMessage(error.code, language)}\n\n`,
    );
  }
};

const failing: Record<string, string> = {
  start: 'StartService',
  stop: 'ControlService',
  delete: 'DeleteService',
  config: 'ChangeServiceConfig',
};

async function act(
  verb: string,
  name: string,
  rest: string[],
  services: Services,
  { files, language }: Machine,
): Promise<Answer> {
  const ok = (call: string) => said(`[SC] ${call} ${language === 'de' ? 'ERFOLG' : 'SUCCESS'}\n`);
  if (verb === 'create') {
    const options = readOptions(rest);
    if (!options?.binpath)
      return failedAloud(
        invalidCommandLine,
        'USAGE:\n        sc create [service name] [binPath= ] <option1> <option2>...\n',
      );
    const start = startOf(options.start ?? 'demand');
    if (!start) return badOption('start', language);
    services.create({
      name,
      binPath: options.binpath,
      ...start,
      ...(options.displayname !== undefined && { displayName: options.displayname }),
      ...(options.obj !== undefined && { account: options.obj }),
      ...(options.depend !== undefined && { depends: dependencies(options.depend) }),
      ...(options.type === 'share' && { type: 0x20 }),
    });
    await services.save(files);
    return ok('CreateService');
  }
  const own = services.require(name);
  switch (verb) {
    case 'query':
    case 'queryex':
      return said(status(services, own, language, verb === 'queryex'));
    case 'qc':
      return said(configuration(services, own, language));
    case 'enumdepend':
      return said(
        services
          .dependants(own)
          .map(one => status(services, one, language, false))
          .join(''),
      );
    case 'qfailure':
      return said(`[SC] QueryServiceConfig2 SUCCESS\n\nSERVICE_NAME: ${own}\n`);
    case 'start':
      services.start(own);
      await services.save(files);
      return said(status(services, own, language, true, 'START_PENDING'));
    case 'stop':
      services.stop(own);
      await services.save(files);
      return said(status(services, own, language, false, 'STOP_PENDING'));
    case 'delete':
      services.delete(own);
      await services.save(files);
      return ok('DeleteService');
    case 'description':
      services.registry.set(services.key(own), text('Description', rest[0] ?? ''));
      await services.save(files);
      return ok('ChangeServiceConfig2');
    case 'failure':
      return failureActions(rest, own, services, files, language);
    default:
      return configure(rest, own, services, files, language);
  }
}

/** `start= auto`, as two arguments or one. */
function readOptions(args: string[]): Record<string, string> | undefined {
  const options: Record<string, string> = {};
  for (let at = 0; at < args.length; at++) {
    const [, name, inline] = /^([a-z]+)=(.*)$/is.exec(args[at]!) ?? [];
    const value = inline === '' ? args[++at] : inline;
    if (name === undefined || value === undefined) return undefined;
    options[name.toLowerCase()] = value;
  }
  return options;
}

function startOf(word: string): { start: number; delayed: boolean } | undefined {
  const lower = word.toLowerCase();
  if (lower === 'delayed-auto') return { start: startTypes.auto, delayed: true };
  const known = Object.hasOwn(startTypes, lower) ? startTypes[lower as keyof typeof startTypes] : undefined;
  return known === undefined ? undefined : { start: known, delayed: false };
}

const dependencies = (written: string) => written.split('/').filter(one => one !== '');

const badOption = (option: string, language: Language): Answer =>
  failedAloud(
    invalidCommandLine,
    language === 'de' ? `FEHLER: Ungültiges Feld "${option}="\n` : `ERROR:  Invalid ${option}= field\n`,
  );

async function configure(
  rest: string[],
  own: string,
  services: Services,
  files: Machine['files'],
  language: Language,
): Promise<Answer> {
  const options = readOptions(rest);
  if (!options)
    return failedAloud(
      invalidCommandLine,
      'USAGE:\n        sc config [service name] <option1> <option2>...\n',
    );
  const values: RegistryValue[] = [];
  if (options.start !== undefined) {
    const start = startOf(options.start);
    if (!start) return badOption('start', language);
    values.push(dword('Start', start.start), dword('DelayedAutostart', start.delayed ? 1 : 0));
  }
  if (options.binpath !== undefined) values.push(expandable('ImagePath', options.binpath));
  if (options.displayname !== undefined) values.push(text('DisplayName', options.displayname));
  if (options.obj !== undefined) values.push(text('ObjectName', options.obj));
  if (options.depend !== undefined)
    values.push({ name: 'DependOnService', type: 'REG_MULTI_SZ', data: dependencies(options.depend) });
  for (const value of values) services.registry.set(services.key(own), value);
  await services.save(files);
  return said(`[SC] ChangeServiceConfig ${language === 'de' ? 'ERFOLG' : 'SUCCESS'}\n`);
}

const actionTypes = ['', 'restart', 'reboot', 'run'];

/** `reset= SECONDS actions= restart/MILLISECONDS/…`, kept as SERVICE_FAILURE_ACTIONS is in the registry. */
async function failureActions(
  rest: string[],
  own: string,
  services: Services,
  files: Machine['files'],
  language: Language,
): Promise<Answer> {
  const { reset = '0', actions = '' } = readOptions(rest) ?? {};
  const words = actions === '' ? [] : actions.split('/');
  const pairs = words.flatMap((word, index) =>
    index % 2 === 0
      ? [[actionTypes.indexOf(word.toLowerCase()), Number(words[index + 1] ?? Number.NaN)]]
      : [],
  );
  if (pairs.some(([type, ms]) => type! < 0 || Number.isNaN(ms))) return badOption('actions', language);
  const bytes = Buffer.alloc(20 + 8 * pairs.length);
  bytes.writeUInt32LE(reset.toUpperCase() === 'INFINITE' ? 0xffffffff : Number(reset), 0);
  bytes.writeUInt32LE(pairs.length, 12);
  bytes.writeUInt32LE(20, 16);
  for (const [index, [type, ms]] of pairs.entries()) {
    bytes.writeUInt32LE(type!, 20 + 8 * index);
    bytes.writeUInt32LE(ms!, 24 + 8 * index);
  }
  const value: RegistryValue = {
    name: 'FailureActions',
    type: 'REG_BINARY',
    data: bytes.toString('hex').toUpperCase(),
  };
  services.registry.set(services.key(own), value);
  await services.save(files);
  return said(`[SC] ChangeServiceConfig2 ${language === 'de' ? 'ERFOLG' : 'SUCCESS'}\n`);
}

const labels: Record<string, Text> = {
  TYPE: { en: 'TYPE', de: 'TYP' },
  STATE: { en: 'STATE', de: 'STATUS' },
  CHECKPOINT: { en: 'CHECKPOINT', de: 'PRÜFPUNKT' },
  WAIT_HINT: { en: 'WAIT_HINT', de: 'WARTEHINWEIS' },
  START_TYPE: { en: 'START_TYPE', de: 'STARTTYP' },
  ERROR_CONTROL: { en: 'ERROR_CONTROL', de: 'FEHLERSTEUERUNG' },
};
const types: Record<number, string> = {
  1: 'KERNEL_DRIVER',
  16: 'WIN32_OWN_PROCESS',
  32: 'WIN32_SHARE_PROCESS',
};
const states: Record<string, number> = { STOPPED: 1, START_PENDING: 2, STOP_PENDING: 3, RUNNING: 4 };

const line = (label: string, value: string, language: Language): string =>
  `        ${(labels[label]?.[language] ?? label).padEnd(19)}: ${value}\n`;

function status(
  services: Services,
  name: string,
  language: Language,
  extended: boolean,
  told?: string,
): string {
  const state = told ?? (services.isRunning(name) ? 'RUNNING' : 'STOPPED');
  const type = services.number(name, 'Type');
  const controls =
    state === 'RUNNING'
      ? '(STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)'
      : '(NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)';
  return [
    `\nSERVICE_NAME: ${name} \n`,
    line('TYPE', `${type.toString(16)}  ${types[type] ?? ''}  `, language),
    line('STATE', `${states[state]}  ${state} `, language),
    `                                ${controls}\n`,
    line('WIN32_EXIT_CODE', '0  (0x0)', language),
    line('SERVICE_EXIT_CODE', '0  (0x0)', language),
    line('CHECKPOINT', '0x0', language),
    line('WAIT_HINT', '0x0', language),
    extended
      ? line('PID', services.isRunning(name) ? '1234' : '0', language) + line('FLAGS', '', language)
      : '',
  ].join('');
}

function configuration(services: Services, name: string, language: Language): string {
  const type = services.number(name, 'Type');
  const start = services.number(name, 'Start');
  const startName = ['BOOT_START', 'SYSTEM_START', 'AUTO_START', 'DEMAND_START', 'DISABLED'][start];
  const delayed = services.number(name, 'DelayedAutostart') === 1 ? '  (DELAYED)' : '';
  const [first = '', ...others] = services.depends(name);
  return [
    `[SC] QueryServiceConfig ${language === 'de' ? 'ERFOLG' : 'SUCCESS'}\n\nSERVICE_NAME: ${name}\n`,
    line('TYPE', `${type.toString(16)}  ${types[type] ?? ''} `, language),
    line('START_TYPE', `${start}   ${startName}${delayed}`, language),
    line('ERROR_CONTROL', '1   NORMAL', language),
    line('BINARY_PATH_NAME', services.text(name, 'ImagePath'), language),
    line('LOAD_ORDER_GROUP', '', language),
    line('TAG', '0', language),
    line('DISPLAY_NAME', services.text(name, 'DisplayName'), language),
    line('DEPENDENCIES', first, language),
    ...others.map(other => `                           : ${other}\n`),
    line('SERVICE_START_NAME', services.text(name, 'ObjectName'), language),
  ].join('');
}

/** Drivers are not among them; `state=` is `active` when left out, or `inactive` or `all`. */
function list(services: Services, language: Language, args: readonly string[]): Answer {
  const written = args.findIndex(arg => /^state=/i.test(arg));
  const state = (args[written]?.slice(6) || args[written + 1] || 'active').toLowerCase();
  const isListed = (name: string) =>
    written < 0
      ? services.isRunning(name)
      : state === 'all' || services.isRunning(name) === (state === 'active');
  return said(
    services
      .all()
      .filter(name => services.number(name, 'Type') !== 1 && isListed(name))
      .map(name => status(services, name, language, false))
      .join(''),
  );
}
