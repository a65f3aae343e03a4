import type { Draft, Drafts, Unhandled } from '../drafts/drafts.ts';
import type { Place } from '../drafts/place-in-file.ts';

/** Flags of netsh and of New-NetFirewallRule, as a property has them. */
const flags: Readonly<Record<string, boolean>> = { yes: true, no: false, true: true, false: false };

/** What tells rules of one name and direction apart, as `firewall_rule` does. */
const selectors = ['protocol', 'local_port', 'remote_port', 'program', 'service'];

/**
 * Adds a rule; both tools add another one when there is one of that name already, so the name isn't what
 * tells it apart. Values are netsh's: lists with commas.
 */
export function addRule(name: string, said: Record<string, unknown>, drafts: Drafts, at: Place): Unhandled {
  const properties = { ...said };
  for (const key of ['enabled', 'edge_traversal']) {
    const given = properties[key];
    if (given === undefined) continue;
    const is = flags[String(given).toLowerCase()];
    if (is === undefined) return { why: `firewall_rule has no way to say ${key} ${given}` };
    properties[key] = is;
  }
  const profiles = String(properties.profile ?? '').split(',');
  if (profiles.length > 1) properties.profile = profiles.map(one => one.trim());
  if (properties.enabled === true) delete properties.enabled;
  if (!/^(allow|block)$/.test(String(properties.action)))
    return { why: 'only `allow` and `block` are known' };
  const [, protocol, icmp] = /^(icmpv[46]):(.+)$/i.exec(String(properties.protocol)) ?? [];
  if (icmp !== undefined)
    return { why: `firewall_rule has no property for the types of ${protocol} (${icmp})` };
  const own = ['direction', ...selectors].map(key => String(properties[key] ?? '').toLowerCase()).join(' ');
  const other = drafts.beside('firewall_rule', name, at, properties, own);
  return other === undefined
    ? undefined
    : { why: `\`firewall_rule\` can't tell it from the one of ${other}: give one of them another name` };
}

/** Removes the rules of a name, of one direction or of both. What adds one of them later makes it good. */
export function deleteRule(
  name: string,
  direction: string | undefined,
  drafts: Drafts,
  at: Place,
): Unhandled {
  if (direction !== undefined && !/^(in|out)$/.test(direction)) return { why: 'there is no such direction' };
  for (const one of drafts.all())
    if (isRule(one, name) && (direction === undefined || (one.properties.direction ?? 'in') === direction))
      drafts.drop(one);
  for (const one of direction === undefined ? ['in', 'out'] : [direction])
    drafts.absent('firewall_rule', name, at, { direction: one, action: 'allow' }, `absent ${one}`);
  return undefined;
}

const isRule = ({ type, title }: Draft, name: string): boolean =>
  type === 'firewall_rule' && title.toLowerCase() === name.toLowerCase();

/**
 * Gives each rule a title of its own. Rules that share a name say it by `name`; a deletion that only made
 * room for what was added anew isn't one.
 */
export function nameRules(drafts: Drafts): void {
  const rules = drafts.all().filter(({ type }) => type === 'firewall_rule');
  for (const same of Object.values(Object.groupBy(rules, ({ title }) => title.toLowerCase()))) {
    const added = same!.filter(({ properties }) => properties.ensure !== 'absent');
    const gone = same!.filter(({ properties }) => properties.ensure === 'absent');
    if (added.length > 0)
      for (const draft of gone) {
        for (const at of draft.from) drafts.leave(at, `firewall rule ${draft.title}`, { needless: 'again' });
        drafts.drop(draft);
      }
    const kept = added.length > 0 ? added : gone;
    if (kept.length < 2) continue;
    const taken = new Set<string>();
    for (const draft of kept) {
      const { direction, protocol, local_port: port, remote_port: remote } = draft.properties;
      const words = [draft.title, direction, protocol, port ?? remote].filter(one => one !== undefined);
      let title = words.join(' ');
      for (let n = 2; taken.has(title.toLowerCase()); n++) title = `${words.join(' ')} ${n}`;
      taken.add(title.toLowerCase());
      // Without any selector it would stand for all rules of the name, as a deletion does.
      const isAny = kept === added && selectors.every(key => draft.properties[key] === undefined);
      draft.properties = { name: draft.title, ...draft.properties, ...(isAny && { protocol: 'any' }) };
      draft.title = title;
    }
  }
}
