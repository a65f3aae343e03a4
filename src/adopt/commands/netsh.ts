import type { Words } from '../drafts/command-words.ts';
import type { Drafts, Unhandled } from '../drafts/drafts.ts';
import type { Place } from '../drafts/place-in-file.ts';
import { addRule, deleteRule } from './firewall-rules.ts';
import type { Recogniser } from './tools.ts';

export const netsh: Recogniser = (words, drafts, at) => {
  const verbs = words.all.filter(word => !word.includes('=')).map(word => word.toLowerCase());
  const what = verbs.join(' ');
  if (/^(advfirewall firewall|http|interface \S+) show( |$)/.test(what)) return { needless: 'reads' };
  const takeVerbs = (count: number) => {
    for (let n = 0; n < count; n++) words.next();
  };
  if (what === 'http add sslcert' || what === 'http update sslcert') {
    takeVerbs(3);
    return bindCertificate(words, drafts, at);
  }
  const rule = /^advfirewall firewall (add|delete) rule$/.exec(what);
  if (!rule) return { why: 'this use of netsh is not known' };
  takeVerbs(4);
  return rule[1] === 'delete' ? deleteByNetsh(words, drafts, at) : addByNetsh(words, drafts, at);
};

function bindCertificate(words: Words, drafts: Drafts, at: Place): Unhandled {
  const place = words.pair('hostnameport') ?? words.pair('ipport')?.replace(/^0\.0\.0\.0:/, '*:');
  const hash = words.pair('certhash');
  const store = words.pair('certstorename');
  // Whose binding it is: converge writes its own.
  words.pair('appid');
  if (place === undefined || hash === undefined) return { why: 'it names no address or no certificate' };
  drafts.set('certificate_binding', place, at, { thumbprint: hash, ...(store !== undefined && { store }) });
  return undefined;
}

/** netsh's names of what a rule has, as properties. */
const names: Readonly<Record<string, string>> = {
  dir: 'direction',
  action: 'action',
  protocol: 'protocol',
  localport: 'local_port',
  remoteport: 'remote_port',
  localip: 'local_address',
  remoteip: 'remote_address',
  profile: 'profile',
  program: 'program',
  service: 'service',
  interfacetype: 'interface_type',
  edge: 'edge_traversal',
  description: 'description',
  enable: 'enabled',
};
const asWritten = new Set(['protocol', 'program', 'service', 'description']);

function addByNetsh(words: Words, drafts: Drafts, at: Place): Unhandled {
  const name = words.pair('name');
  if (name === undefined || name === '') return { why: 'it names no rule' };
  const properties: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(names)) {
    const value = words.pair(key);
    if (value !== undefined) properties[property] = asWritten.has(property) ? value : value.toLowerCase();
  }
  if (properties.direction === undefined || properties.action === undefined)
    return { why: 'netsh does not take a rule without `dir` and `action`' };
  return addRule(name, properties, drafts, at);
}

function deleteByNetsh(words: Words, drafts: Drafts, at: Place): Unhandled {
  const name = words.pair('name');
  if (name === undefined || name.toLowerCase() === 'all') return { why: 'it names no rule' };
  return deleteRule(name, words.pair('dir')?.toLowerCase(), drafts, at);
}
