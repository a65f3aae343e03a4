import { win32 } from 'node:path';
import { failedAloud, said, type Text } from '../console/console.ts';
import { known } from '../features/feature-tree.ts';
import { type Features, readFeatures } from '../features/state.ts';
import { iisFeatureChanged } from '../iis/host/features.ts';
import type { Answer, Call, Language, Machine, Tool } from '../machine/machine.ts';
import { programFile } from '../machine/program-file.ts';
import { readServices } from '../services/store.ts';
import { addIisServices, removeIisServices } from '../services/windows-services.ts';

/** HRESULTs and Win32 codes that dism ends with. */
const notElevated = 740;
const restartNeeded = 3010;
const badOption = 87;
const parentMissing = 50;
const unknownFeature = 0x800f080c;
const sourceMissing = 0x800f081f;

const success: Text = {
  en: 'The operation completed successfully.',
  de: 'Der Vorgang wurde erfolgreich beendet.',
};

/**
 * dism.exe on the running machine: `/get-features`, `/get-featureinfo`, `/enable-feature`,
 * `/disable-feature`. `/english` overrides the language. Everything is said on stdout.
 */
export const dism: Tool = async (call, machine) => {
  const options = readOptions(call);
  const language: Language = options.flags.has('english') ? 'en' : machine.language;
  if (machine.elevated === false) return error(notElevated, language, elevate[language]);
  const verb = ['get-features', 'get-featureinfo', 'enable-feature', 'disable-feature'].find(one =>
    options.flags.has(one),
  );
  const named = options.names.length > 0 || verb === 'get-features';
  if (!options.flags.has('online') || !verb || options.unknown !== undefined || !named) {
    const what = options.unknown ?? verb ?? 'online';
    return error(badOption, language, `The ${what} option is unknown.`);
  }
  const features = await readFeatures(machine.files);
  if (verb === 'get-features') return list(features, options.format === 'table', language);
  const unknown = options.names.filter(name => features.find(name) === undefined);
  // A request names its features as one transaction: none is enabled when one is unknown.
  if (unknown.length > 0)
    return error(unknownFeature, language, `Feature name ${unknown.join(', ')} is unknown.`);
  const names = options.names.map(name => features.find(name)!);
  if (verb === 'get-featureinfo') return info(features, names[0]!, language);
  return verb === 'enable-feature'
    ? enable(features, names, options, machine, language)
    : disable(features, names, options, machine, language);
};

const elevate: Text = {
  en: 'Elevated permissions are required to run DISM.\nUse an elevated command prompt to complete these tasks.',
  de: 'Zum Ausführen von DISM sind erhöhte Rechte erforderlich.',
};

interface Options {
  flags: Set<string>;
  names: string[];
  sources: string[];
  format?: string;
  unknown?: string;
}

const flagNames =
  /^(online|english|quiet|norestart|all|limitaccess|remove|get-features|get-featureinfo|enable-feature|disable-feature)$/;

function readOptions({ args }: Call): Options {
  const options: Options = { flags: new Set(), names: [], sources: [] };
  for (const arg of args) {
    const [, name = '', value] = /^[/-]([^:]+)(?::(.*))?$/.exec(arg) ?? [];
    const option = name.toLowerCase();
    if (option === 'featurename' && value) options.names.push(value);
    else if (option === 'source' && value) options.sources.push(value);
    else if (option === 'format' && value) options.format = value.toLowerCase();
    else if (/^(loglevel|logpath|packagename)$/.test(option)) continue;
    else if (flagNames.test(option) && value === undefined) options.flags.add(option);
    else options.unknown ??= name || arg;
  }
  return options;
}

const banner =
  '\nDeployment Image Servicing and Management tool\nVersion: 10.0.20348.1\n\nImage Version: 10.0.20348.1\n\n';

function error(code: number, language: Language, text: string): Answer {
  const shown = code > 0xffff ? `0x${code.toString(16)}` : String(code);
  const word = language === 'de' ? 'Fehler' : 'Error';
  return failedAloud(code, `${banner}\n${word}: ${shown}\n\n${text}\n`);
}

function list(features: Features, table: boolean, language: Language): Answer {
  const title = language === 'de' ? ['Featurename', 'Status'] : ['Feature Name', 'State'];
  const rows = features.all().map(([name, state]) => [name, localised(state, language)] as const);
  if (!table) {
    const pairs = rows.map(([name, state]) => `${title[0]} : ${name}\n${title[1]} : ${state}\n`);
    return said(
      `${banner}Features listing for package : Microsoft-Windows-Foundation-Package\n\n${pairs.join('\n')}\n${success[language]}\n`,
    );
  }
  const width = Math.max(...rows.map(([name]) => name.length)) + 1;
  const stateWidth = Math.max(...rows.map(([, state]) => state.length));
  const ruler = `${'-'.repeat(width)} | ${'-'.repeat(stateWidth)}`;
  const lines = [title, ...rows].map(([name, state]) => `${name!.padEnd(width)} | ${state}`);
  return said(
    `${banner}\n${ruler}\n${lines[0]}\n${ruler}\n${lines.slice(1).join('\n')}\n\n${success[language]}\n`,
  );
}

const german: Record<string, string> = {
  Enabled: 'Aktiviert',
  Disabled: 'Deaktiviert',
  'Enable Pending': 'Aktivierung steht aus',
  'Disable Pending': 'Deaktivierung steht aus',
  'Disabled with Payload Removed': 'Deaktiviert (Nutzlast entfernt)',
};
const localised = (state: string, language: Language) => (language === 'de' ? german[state]! : state);

function info(features: Features, name: string, language: Language): Answer {
  const restart = known.get(name)!.needsRestart ? 'Required' : 'Possible';
  const lines = [
    `Feature Name : ${name}`,
    `Display Name : ${name}`,
    `Description : ${name}`,
    `Restart Required : ${restart}`,
    `State : ${localised(features.state(name), language)}`,
  ];
  const german = language === 'de';
  const text = lines.join('\n');
  return said(
    `${banner}${german ? 'Featureinformationen' : 'Feature Information'}:\n\n${german ? text.replace('Feature Name', 'Featurename').replace('State', 'Status') : text}\n\nCustom Properties:\n\n(No custom properties found)\n\n${success[language]}\n`,
  );
}

async function enable(
  features: Features,
  names: string[],
  { flags, sources }: Options,
  machine: Machine,
  language: Language,
): Promise<Answer> {
  const todo = new Set<string>();
  for (const name of names) {
    const missing = features
      .missingParents(name)
      .filter(parent => !names.includes(parent) && !todo.has(parent));
    if (missing.length > 0 && !flags.has('all')) {
      return error(
        parentMissing,
        language,
        `The '${name}' feature could not be enabled. Ensure that the following parent feature(s) are enabled first:\n${missing.join(', ')}.`,
      );
    }
    for (const one of [...features.missingParents(name), name]) if (!features.isOn(one)) todo.add(one);
  }
  for (const name of todo) {
    if (features.state(name) === 'Disabled with Payload Removed' && !(await holdsPayload(sources, machine)))
      return error(
        sourceMissing,
        language,
        'The source files could not be found. Use the "Source" option to specify the location of the files.',
      );
  }
  return change(features, [...todo], true, machine, flags, language);
}

/** A source is a `sources\sxs` folder with packages in it; the lab reaches no Windows Update. */
async function holdsPayload(sources: string[], { files }: Machine): Promise<boolean> {
  for (const source of sources) {
    const names = await files.list(win32.resolve('C:\\', source));
    if (names?.some(name => /\.cab$/i.test(name))) return true;
  }
  return false;
}

async function disable(
  features: Features,
  names: string[],
  { flags }: Options,
  machine: Machine,
  language: Language,
): Promise<Answer> {
  const on = names.filter(name => features.isOn(name));
  const all = new Set(on.flatMap(name => [...features.dependants(name), name]));
  return change(features, [...all], false, machine, flags, language);
}

/** Its services and iisreset.exe; the configuration and appcmd.exe are `iisFeatureChanged`'s. */
async function webServer({ files }: Machine, enabled: boolean): Promise<void> {
  const services = await readServices(files);
  if (enabled) addIisServices(services);
  else removeIisServices(services);
  await services.save(files);
  const program = 'C:\\Windows\\System32\\iisreset.exe';
  if (enabled) await files.writeAtomic(program, programFile(program));
  else await files.remove(program);
}

async function change(
  features: Features,
  names: string[],
  enabled: boolean,
  machine: Machine,
  flags: ReadonlySet<string>,
  language: Language,
): Promise<Answer> {
  let restart = false;
  for (const name of names) {
    const pending = known.get(name)!.needsRestart === true;
    restart ||= pending;
    const verb = enabled ? 'Enable' : 'Disable';
    const removed = !enabled && flags.has('remove') ? 'Disabled with Payload Removed' : undefined;
    features.set(name, pending ? `${verb} Pending` : (removed ?? `${verb}d`));
  }
  if (names.length > 0) await features.save(machine.files);
  for (const name of names) {
    if (name === 'IIS-WebServer') await webServer(machine, enabled);
    if (/^(IIS|WAS)-/.test(name)) await iisFeatureChanged(machine, name, enabled);
  }
  const bar = flags.has('quiet') ? '' : '\r[==========================100.0%==========================] \n';
  const doing = enabled ? 'Enabling feature(s)' : 'Disabling feature(s)';
  const text = flags.has('quiet') ? '' : `${banner}${doing}\n${bar}${success[language]}\n`;
  return said(text, restart ? restartNeeded : 0);
}
