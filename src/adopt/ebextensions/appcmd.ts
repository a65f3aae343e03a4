import { type AppcmdArguments, type CollectionChange, readAppcmd } from './appcmd-arguments.ts';
import { type Drafts, scalar } from './drafts.ts';
import type { Place } from './read-config.ts';
import { namesSecret } from './secrets.ts';
import { changeCollection } from './sections.ts';

const poolProperties: Record<string, string> = {
  managedruntimeversion: 'managed_runtime_version',
  managedpipelinemode: 'managed_pipeline_mode',
  enable32bitapponwin64: 'enable_32_bit',
  autostart: 'auto_start',
  startmode: 'start_mode',
  queuelength: 'queue_length',
  'processmodel.identitytype': 'identity_type',
  'processmodel.username': 'user_name',
};
const siteProperties: Record<string, string> = {
  id: 'id',
  physicalpath: 'physical_path',
  serverautostart: 'auto_start',
  'applicationdefaults.applicationpool': 'app_pool',
};
const appProperties: Record<string, string> = {
  applicationpool: 'app_pool',
  physicalpath: 'physical_path',
  enabledprotocols: 'enabled_protocols',
  preloadenabled: 'preload_enabled',
};
const vdirProperties: Record<string, string> = { physicalpath: 'physical_path', username: 'user_name' };

/** Why a call of appcmd could not be taken over, or that nothing is to be done; undefined when it was. */
export type Unhandled = { why: string; needless?: true } | undefined;

/** Takes one call of appcmd over into the drafts. */
export function appcmd(args: readonly string[], drafts: Drafts, at: Place): Unhandled {
  const call = readAppcmd(args);
  if (call.verb === 'list' || call.object === 'backup')
    return { why: 'converge reads for itself, and makes a backup before its first change', needless: true };
  if (call.unknown.length > 0) return { why: `what ${call.unknown[0]} asks of appcmd is not known` };
  switch (call.object) {
    case 'apppool':
      return object(call, 'iis_app_pool', poolProperties, drafts, at);
    case 'site':
      return object(call, 'iis_site', siteProperties, drafts, at);
    case 'app':
      return app(call, drafts, at);
    case 'vdir':
      return vdir(call, drafts, at);
    case 'config':
      return config(call, drafts, at);
    default:
      return { why: `converge has no type for appcmd's ${call.object || 'nothing'}` };
  }
}

const parameter = ({ parameters }: AppcmdArguments, name: string): string | undefined =>
  parameters.get(name)?.value;

function object(
  call: AppcmdArguments,
  type: 'iis_app_pool' | 'iis_site' | 'iis_app' | 'iis_vdir',
  known: Record<string, string>,
  drafts: Drafts,
  at: Place,
  name = call.id ?? parameter(call, 'name') ?? parameter(call, `${call.object}.name`),
): Unhandled {
  if (name === undefined) return { why: 'it names no object' };
  if (call.verb === 'start' || call.verb === 'stop') {
    drafts.set(type, name, at, { state: call.verb === 'start' ? 'started' : 'stopped' });
    return undefined;
  }
  if (call.verb === 'delete') {
    drafts.absent(type, name, at);
    return undefined;
  }
  if (call.verb === 'recycle') return { why: 'converge recycles what it changes', needless: true };
  if (call.verb !== 'add' && call.verb !== 'set') return { why: `appcmd ${call.verb} is not known` };
  const properties: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [key, { name: attribute, value }] of call.parameters) {
    if (['name', 'apppool.name', 'site.name', 'app.name', 'path', 'commit'].includes(key)) continue;
    if (/password$/.test(key)) properties.password = drafts.secret(`${type}:${name}`, name, 'password');
    else if (key === 'bindings') properties.bindings = value.split(',').map(one => one.trim());
    else if (key === 'processmodel.idletimeout') properties.idle_timeout = duration(value);
    else if (known[key]) properties[known[key]] = key === 'managedruntimeversion' ? value : scalar(value);
    else rest[attribute] = scalar(value);
  }
  const unsettable = Object.keys(rest)[0];
  if (unsettable !== undefined && type === 'iis_vdir')
    return { why: `iis_vdir has no property for ${unsettable}` };
  const draft = drafts.of(type, name, at);
  if (Object.keys(rest).length > 0)
    properties.set = { ...(draft.properties.set as Record<string, unknown> | undefined), ...rest };
  for (const change of call.changes) {
    const { protocol, bindingInformation } = change.item;
    if (change.collection !== 'bindings' || !protocol || bindingInformation === undefined || change.attribute)
      return { why: 'this change of a collection has no property' };
    const before = (properties.bindings ?? draft.properties.bindings ?? []) as string[];
    const binding = `${protocol}/${bindingInformation}`;
    properties.bindings =
      change.op === 'remove' ? before.filter(one => one !== binding) : [...new Set([...before, binding])];
  }
  drafts.set(type, name, at, properties);
  return undefined;
}

/** `set app "Site/"` is about the site's root application, which `iis_site` has properties for. */
function app(call: AppcmdArguments, drafts: Drafts, at: Place): Unhandled {
  const site = parameter(call, 'site.name');
  const path = parameter(call, 'path');
  const id =
    call.id ?? parameter(call, 'app.name') ?? (site !== undefined && path ? `${site}${path}` : undefined);
  if (id === undefined) return { why: 'it names no application' };
  const root = /^([^/]+)\/?$/.exec(id);
  const rest = Object.fromEntries(Object.entries(appProperties).filter(([key]) => key !== 'physicalpath'));
  return root && call.verb === 'set'
    ? object(call, 'iis_site', rest, drafts, at, root[1])
    : object(call, 'iis_app', appProperties, drafts, at, id);
}

function vdir(call: AppcmdArguments, drafts: Drafts, at: Place): Unhandled {
  const parent = parameter(call, 'app.name');
  const path = parameter(call, 'path');
  const id =
    call.id ??
    parameter(call, 'vdir.name') ??
    (parent !== undefined && path ? `${parent.replace(/\/$/, '')}${path}` : undefined);
  if (id === undefined) return { why: 'it names no virtual directory' };
  const root = /^([^/]+)\/?$/.exec(id);
  if (root && call.verb === 'set') return object(call, 'iis_site', vdirProperties, drafts, at, root[1]);
  const unhandled = object(call, 'iis_vdir', vdirProperties, drafts, at, id);
  if (!unhandled && parent !== undefined && /^[^/]+\/.+/.test(parent) && path)
    drafts.set('iis_vdir', id, at, { app: parent, path });
  return unhandled;
}

function config(call: AppcmdArguments, drafts: Drafts, at: Place): Unhandled {
  const section = parameter(call, 'section');
  const path = (call.id ?? '').replace(/^MACHINE\/WEBROOT\/APPHOST\/?/i, '').replace(/\/$/, '');
  if (!section) return { why: 'it names no section' };
  if (call.verb !== 'set' && call.verb !== 'unlock')
    return { why: `converge has no way to ${call.verb} a section` };
  const isSecret = ({ item }: CollectionChange) =>
    item.value !== undefined && namesSecret(item.name ?? item.key ?? '');
  if (call.changes.some(isSecret)) return { why: 'it sets a secret, and a section takes none' };
  const draft = drafts.of('iis_config', path === '' ? section : `${path}: ${section}`, at);
  if (path !== '') Object.assign(draft.properties, { path, section });
  if (call.verb === 'unlock') draft.properties.unlock = true;
  for (const [key, { name, value }] of call.parameters) {
    if (key === 'section' || key === 'commit') continue;
    draft.properties.attributes ??= {};
    const attributes = draft.properties.attributes as Record<string, unknown>;
    attributes[name] = /password/i.test(name)
      ? drafts.secret(`${section} ${path} ${name}`, section, name)
      : scalar(value);
  }
  for (const change of call.changes) {
    if (!changeCollection(draft, change)) drafts.removed.push({ draft, change, at });
  }
  const commit = parameter(call, 'commit');
  const what = `${section} of ${path}`;
  const isNew = drafts.leftovers.every(known => known.what !== what || known.file !== at.file);
  if (path !== '' && commit === undefined && call.verb === 'set' && isNew)
    drafts.leftovers.push({
      ...at,
      what,
      why: "these commands wrote the site's web.config; the resource writes applicationHost.config (`commit: site` for the old way)",
      needless: true,
    });
  return undefined;
}

/** IIS's time spans (`d.hh:mm:ss`) as a duration. */
function duration(span: string): string {
  const match = /^(?:(\d+)\.)?(\d+):(\d\d):(\d\d)$/.exec(span);
  if (!match) return span;
  const [days, hours, minutes, seconds] = match.slice(1).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  return total % 3600 === 0 && total > 0
    ? `${total / 3600}h`
    : total % 60 === 0
      ? `${total / 60}m`
      : `${total}s`;
}
