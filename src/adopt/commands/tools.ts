import { namesSecret } from '../../resources/shared/secret-names.ts';
import { dismNames } from '../../windows/software/feature-names.ts';
import type { Words } from '../drafts/command-words.ts';
import type { Drafts, Unhandled } from '../drafts/drafts.ts';
import { isWholePath } from '../drafts/paths.ts';
import type { Place } from '../drafts/place-in-file.ts';

/**
 * Takes a command over: its words behind the program, where it stands. Words that nobody took make it a
 * leftover.
 */
export type Recogniser = (words: Words, drafts: Drafts, at: Place) => Unhandled;

const startups: Record<string, string> = {
  auto: 'automatic',
  demand: 'manual',
  disabled: 'disabled',
  'delayed-auto': 'delayed',
};

export const sc: Recogniser = (words, drafts, at) => {
  const verb = words.next() ?? '';
  if (/^(query\w*|qc|qdescription|qfailure|enumdepend|sdshow|getdisplayname|getkeyname)$/i.test(verb))
    return { needless: 'reads' };
  const name = words.next();
  if (name === undefined || verb.startsWith('\\\\')) return { why: 'it names no service of this machine' };
  if (/^(start|stop)$/i.test(verb)) return running(name, verb, drafts, at);
  const startup = /^config$/i.test(verb) ? startups[words.pair('start')?.toLowerCase() ?? ''] : undefined;
  if (startup === undefined) return { why: 'only the start type of a service is known' };
  drafts.set('service', name, at, { startup });
  return undefined;
};

export const net: Recogniser = (words, drafts, at) => {
  const verb = words.next() ?? '';
  if (!/^(start|stop)$/i.test(verb)) return { why: 'only `net start` and `net stop` are known' };
  const name = words.next();
  if (name === undefined) return { needless: 'reads' };
  // Services that need it are stopped without a question.
  words.flag('y');
  if (/\s/.test(name))
    return {
      why: `net takes names that are shown: declare \`service\` by the one that \`sc getkeyname "${name}"\` says`,
    };
  return running(name, verb, drafts, at);
};

function running(name: string, verb: string, drafts: Drafts, at: Place): Unhandled {
  drafts.set('service', name, at, { state: /^start$/i.test(verb) ? 'running' : 'stopped' });
  return undefined;
}

export const tzutil: Recogniser = (words, drafts, at) => {
  if (words.flag('g', 'l')) return { needless: 'reads' };
  const zone = words.value('s');
  if (zone === undefined || zone === '') return { why: 'it names no time zone' };
  drafts.set('timezone', zone, at, {});
  return undefined;
};

export const dism: Recogniser = (words, drafts, at) => {
  words.flag('online', 'norestart', 'quiet', 'english', 'all');
  words.attached('logpath');
  words.attached('loglevel');
  if (words.flag('get-features', 'get-featureinfo', 'get-packages', 'get-capabilities'))
    return { needless: 'reads' };
  const enables = words.flag('enable-feature');
  const disables = words.flag('disable-feature');
  const names = words.attached('featurename');
  if (enables === disables || names.length === 0)
    return { why: 'only enabling and disabling features is known' };
  for (const name of names) {
    if (enables) feature(name, drafts, at);
    else withoutFeature(name, drafts, at);
  }
  return undefined;
};

const featureList = 'features';

/** All features in one resource: one read and one call on the machine. */
export function feature(name: string, drafts: Drafts, at: Place): void {
  for (const one of drafts.all())
    if (one.type === 'windows_feature' && one.properties.ensure === 'absent' && shares(one.title, name))
      drafts.drop(one);
  const draft = drafts.of('windows_feature', featureList, at);
  const names = (draft.properties.names ?? []) as string[];
  if (names.some(one => covers(one, name) && !covers(name, one))) return;
  draft.properties.names = [...names.filter(one => !covers(name, one)), name];
}

export function withoutFeature(name: string, drafts: Drafts, at: Place): void {
  const list = drafts.known('windows_feature', featureList);
  if (list) {
    const draft = drafts.of('windows_feature', featureList, at);
    draft.properties.names = (draft.properties.names as string[]).filter(one => !shares(one, name));
  }
  drafts.absent('windows_feature', name, at);
}

/** What DISM calls it: one feature goes by two names, and a role may be several of them. */
const keysOf = (name: string): string[] => dismNames(name).map(one => one.toLowerCase());

const covers = (role: string, name: string): boolean => keysOf(name).every(one => keysOf(role).includes(one));

const shares = (a: string, b: string): boolean => keysOf(a).some(one => keysOf(b).includes(one));

export const setx: Recogniser = (words, drafts, at) => {
  const machine = words.flag('m');
  const name = words.next();
  const value = words.next();
  if (name === undefined || value === undefined || name.startsWith('/'))
    return { why: 'this use of setx is not known' };
  if (!machine) return { why: 'it sets a variable of one user alone' };
  if (/^path$/i.test(name)) {
    const added = value.split(';').filter(part => part !== '' && !/^%path%$/i.test(part));
    if (
      added.some(part => part.includes('%')) &&
      !added.every(part => !/%(?!(systemroot|windir|systemdrive|programfiles|programdata)%)\w+%/i.test(part))
    )
      return { why: 'its value is computed, and nothing here is evaluated' };
    for (const directory of added) drafts.set('env_path', directory, at, {});
    return undefined;
  }
  if (value.includes('%')) return { why: 'its value is computed, and nothing here is evaluated' };
  if (namesSecret(name))
    return {
      why: `the name ${name} says that it is a secret, and every user can read environment_variable: it takes none`,
    };
  drafts.set('environment_variable', name, at, { value });
  return undefined;
};

export const mkdir: Recogniser = (words, drafts, at) => {
  const directories = words.rest();
  if (directories.length === 0 || !directories.every(isWholePath)) return { why: 'it names no whole path' };
  for (const directory of directories) drafts.set('file', directory, at, { kind: 'directory' });
  return undefined;
};

export const iisreset: Recogniser = words => {
  words.flag('restart', 'noforce');
  words.attached('timeout');
  words.value('timeout');
  return words.left().length === 0
    ? { needless: 'iisreset' }
    : { why: 'it starts or stops all of IIS: declare the services W3SVC and WAS' };
};
