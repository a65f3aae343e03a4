import { win32 } from 'node:path';
import { failed, said, type Text } from '../console/console.ts';
import { isServiceAccount, sidOf } from '../machine/accounts.ts';
import type { Answer, Call, Machine, Tool } from '../machine/machine.ts';
import { registered } from '../tasks/register.ts';
import { findFault } from '../tasks/schema.ts';
import {
  decode,
  listTasks,
  readRunning,
  readTask,
  removeTask,
  setRunning,
  taskUri,
  writeTask,
} from '../tasks/store.ts';
import { child, Malformed, type Node, parseTask, printTask, setChild } from '../tasks/xml.ts';

/** Every failure of schtasks is exit code 1, told on stderr. */
const error = (text: string): Answer => failed(1, `${text}\n`);

const missing: Text = {
  en: 'ERROR: The system cannot find the file specified.',
  de: 'FEHLER: Das System kann die angegebene Datei nicht finden.',
};
const syntax: Text = {
  en: 'ERROR: Invalid syntax. Mandatory option is missing or unknown.\nType "SCHTASKS /?" for usage.',
  de: 'FEHLER: Ungültige Syntax.\n"SCHTASKS /?" zeigt die Verwendung.',
};

interface Options {
  values: Record<string, string>;
  flags: Set<string>;
}

/** schtasks.exe: `/create /xml`, `/delete`, `/query`, `/run`, `/end`, `/change`. */
export const schtasks: Tool = async (call, machine) => {
  const [verb = '', ...rest] = call.args;
  const { language, files } = machine;
  const options = readOptions(rest);
  if (!options) return error(syntax[language]);
  if (verb.toLowerCase() === '/query') return query(options, machine);
  const typed = options.values.tn;
  const uri = typed === undefined ? undefined : taskUri(typed);
  if (typed === undefined || uri === undefined) return error(syntax[language]);
  if (verb.toLowerCase() === '/create') return create(options, typed, uri, call, machine);
  const text = await readTask(files, uri);
  if (text === undefined) return error(missing[language]);
  switch (verb.toLowerCase()) {
    case '/delete':
      if (!options.flags.has('f') && !/^\s*[yj]/i.test(call.input)) return error('');
      await removeTask(files, uri);
      return done(`The scheduled task "${typed}" was successfully deleted.`, machine);
    case '/run':
      await setRunning(files, uri, true);
      return done(`Attempted to run the scheduled task "${typed}".`, machine);
    case '/end':
      await setRunning(files, uri, false);
      return done(`The scheduled task "${typed}" has been terminated successfully.`, machine);
    case '/change':
      return change(options, typed, uri, parseTask(text), machine);
    default:
      return error(syntax[language]);
  }
};

const withValue = new Set(['tn', 'xml', 'ru', 'rp', 'fo', 's', 'u', 'p', 'tr']);

function readOptions(args: string[]): Options | undefined {
  const options: Options = { values: {}, flags: new Set() };
  for (let at = 0; at < args.length; at++) {
    const [, name] = /^[/-]([a-z]+)$/i.exec(args[at]!) ?? [];
    const option = name?.toLowerCase();
    if (option === undefined) return undefined;
    const next = args[at + 1];
    const takes = withValue.has(option) && next !== undefined && (option !== 'xml' || !/^[/-]/.test(next));
    if (takes) options.values[option] = args[++at]!;
    else if (option === 'xml' || !withValue.has(option)) options.flags.add(option);
    else return undefined;
  }
  return options;
}

const done = (text: string, { language }: Machine): Answer =>
  said(`${language === 'de' ? 'ERFOLGREICH' : 'SUCCESS'}: ${text}\n`);

async function create(
  options: Options,
  typed: string,
  uri: string,
  call: Call,
  machine: Machine,
): Promise<Answer> {
  const { files, language } = machine;
  const { xml, ru, rp } = options.values;
  if (xml === undefined) return error("ERROR: the lab's schtasks creates tasks from /xml only");
  const bytes = await files.read(win32.resolve(call.cwd, xml));
  if (!bytes) return error(missing[language]);
  if ((await readTask(files, uri)) !== undefined && !options.flags.has('f') && !/^\s*[yj]/i.test(call.input))
    return failed(1, `WARNING: The task name "${typed}" already exists. Do you want to replace it (Y/N)? `);
  const mistake = await registerXml(bytes, uri, { user: ru, password: rp }, machine);
  if (mistake !== undefined) return error(mistake);
  return done(`The scheduled task "${typed}" has successfully been created.`, machine);
}

/**
 * Registers a task for an account, the one of the document when none is given; what is wrong, if anything is.
 */
export async function registerXml(
  bytes: Buffer,
  uri: string,
  { user, password }: { user: string | undefined; password: string | undefined },
  { files, language }: Machine,
): Promise<string | undefined> {
  const read = readXml(bytes, language);
  if (typeof read === 'string') return read;
  const task = registered(read, uri, user, language);
  if (!task) return noMapping[language];
  const principal = child(child(task, 'Principals'), 'Principal');
  const needsPassword =
    !isServiceAccount(child(principal, 'UserId')?.text ?? '') &&
    child(principal, 'LogonType')?.text === 'Password';
  if (needsPassword && password === undefined) return badPassword[language];
  await writeTask(files, uri, printTask(task));
  return undefined;
}

const noMapping: Text = {
  en: 'ERROR: No mapping between account names and security IDs was done.',
  de: 'FEHLER: Zuordnungen von Kontennamen und Sicherheitskennungen wurden nicht durchgeführt.',
};
const badPassword: Text = {
  en: 'ERROR: The user name or password is incorrect.',
  de: 'FEHLER: Der Benutzername oder das Kennwort ist falsch.',
};

const mistakes: Record<'malformed' | 'unexpected' | 'missing' | 'value', Text> = {
  malformed: { en: 'The task XML is malformed.', de: 'Das Aufgaben-XML ist fehlerhaft.' },
  unexpected: {
    en: 'The task XML contains an unexpected node.',
    de: 'Das Aufgaben-XML enthält einen unerwarteten Knoten.',
  },
  missing: {
    en: 'The task XML is missing a required element or attribute.',
    de: 'Im Aufgaben-XML fehlt ein erforderliches Element oder Attribut.',
  },
  value: {
    en: 'The task XML contains a value which is incorrectly formatted or out of range.',
    de: 'Das Aufgaben-XML enthält einen Wert, der falsch formatiert ist oder außerhalb des gültigen Bereichs liegt.',
  },
};

/** The task, or what schtasks says about it with line and column. */
function readXml(bytes: Buffer, language: Machine['language']): Node | string {
  const tell = (kind: keyof typeof mistakes, line: number, column: number, name: string) =>
    `${language === 'de' ? 'FEHLER' : 'ERROR'}: ${mistakes[kind][language]}\n(${line},${column})::${name}`;
  const text = decode(bytes);
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  // A declaration that lies about the encoding stops the parser right behind it.
  const declared = /^<\?xml[^>]*encoding=["']UTF-16["'][^>]*\?>/i.exec(text);
  if (declared && !isWide) return tell('malformed', 1, declared[0].length, '');
  try {
    const task = parseTask(text);
    const fault = findFault(task);
    return fault ? tell(fault.kind, fault.node.line, fault.node.column, fault.name) : task;
  } catch (problem) {
    if (!(problem instanceof Malformed)) throw problem;
    return tell('malformed', problem.line, problem.column, problem.message);
  }
}

async function change(
  options: Options,
  typed: string,
  uri: string,
  task: Node,
  machine: Machine,
): Promise<Answer> {
  const { files, language } = machine;
  const settings = child(task, 'Settings')!;
  if (options.flags.has('disable')) setChild(settings, 'Enabled', 'false');
  if (options.flags.has('enable'))
    settings.children = settings.children.filter(({ name }) => name !== 'Enabled');
  const { ru } = options.values;
  if (ru !== undefined) {
    const sid = sidOf(ru, language);
    if (sid === undefined) return error(noMapping[language]);
    setChild(child(child(task, 'Principals'), 'Principal')!, 'UserId', sid);
  }
  await writeTask(files, uri, printTask(task));
  return done(`The parameters of scheduled task "${typed}" have been changed.`, machine);
}

async function query({ values, flags }: Options, { files, language }: Machine): Promise<Answer> {
  const uri = values.tn === undefined ? undefined : taskUri(values.tn);
  const all = values.tn === undefined ? await listTasks(files) : [uri ?? ''];
  const found: { uri: string; xml: string }[] = [];
  for (const one of all) {
    const xml = await readTask(files, one);
    if (xml === undefined) return error(missing[language]);
    found.push({ uri: one, xml });
  }
  if (flags.has('xml') || values.xml !== undefined) {
    if (values.tn !== undefined) return said(`${found[0]!.xml}\n\n`);
    const bodies = found.map(
      ({ uri, xml }) => `<!-- ${uri} -->\n${xml.replace(/^<\?xml[^>]*\?>\r?\n/, '')}\n`,
    );
    return said(`<?xml version="1.0" encoding="UTF-16"?>\n<Tasks>\n${bodies.join('')}</Tasks>\n`);
  }
  const running = await readRunning(files);
  const rows = found.map(({ uri, xml }) => [
    uri,
    'N/A',
    status(parseTask(xml), running.includes(uri.toLowerCase())),
  ]);
  const head =
    language === 'de'
      ? ['Aufgabenname', 'Nächste Laufzeit', 'Status']
      : ['TaskName', 'Next Run Time', 'Status'];
  if (values.fo?.toLowerCase() === 'csv') {
    const lines = (flags.has('nh') ? rows : [head, ...rows]).map(row =>
      row.map(cell => `"${cell}"`).join(','),
    );
    return said(`${lines.join('\n')}\n`);
  }
  const lines = [head, ...rows].map(
    ([name, next, state]) => `${name!.padEnd(40)} ${next!.padEnd(22)} ${state}`,
  );
  return said(`\n${lines.join('\n')}\n`);
}

function status(task: Node, running: boolean): string {
  if (child(child(task, 'Settings'), 'Enabled')?.text === 'false') return 'Disabled';
  return running ? 'Running' : 'Ready';
}
