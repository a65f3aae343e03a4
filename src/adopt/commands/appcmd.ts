import { isSecretAttribute } from '../../windows/iis/secret-attributes.ts';
import { durationOfSpan } from '../../windows/iis/timespan.ts';
import { type AppcmdArguments, type CollectionChange, readAppcmd } from '../drafts/appcmd-arguments.ts';
import { type Draft, type Drafts, scalar, type Unhandled } from '../drafts/drafts.ts';
import type { Place } from '../drafts/place-in-file.ts';
import { config } from './appcmd-config.ts';

type IisType = 'iis_app_pool' | 'iis_site' | 'iis_app' | 'iis_vdir';

interface Kind {
  type: IisType;
  /** Properties by appcmd's attribute in lower case. */
  properties: Readonly<Record<string, string>>;
  /** Whether it can be started and stopped, and takes any other attribute by `set`. */
  runs?: true;
  set?: true;
}

const pool: Kind = {
  type: 'iis_app_pool',
  runs: true,
  set: true,
  properties: {
    managedruntimeversion: 'managed_runtime_version',
    managedpipelinemode: 'managed_pipeline_mode',
    enable32bitapponwin64: 'enable_32_bit',
    autostart: 'auto_start',
    startmode: 'start_mode',
    queuelength: 'queue_length',
    'processmodel.identitytype': 'identity_type',
    'processmodel.username': 'user_name',
    'processmodel.password': 'password',
    'processmodel.idletimeout': 'idle_timeout',
  },
};
const site: Kind = {
  type: 'iis_site',
  runs: true,
  set: true,
  properties: {
    id: 'id',
    physicalpath: 'physical_path',
    serverautostart: 'auto_start',
    'applicationdefaults.applicationpool': 'app_pool',
    bindings: 'bindings',
  },
};
const application: Kind = {
  type: 'iis_app',
  set: true,
  properties: {
    applicationpool: 'app_pool',
    physicalpath: 'physical_path',
    enabledprotocols: 'enabled_protocols',
    preloadenabled: 'preload_enabled',
  },
};
const directory: Kind = {
  type: 'iis_vdir',
  properties: { physicalpath: 'physical_path', username: 'user_name', password: 'password' },
};
/** Of a site's root application and directory only what `iis_site` has a property for. */
const rootApplication: Kind = {
  type: 'iis_site',
  properties: {
    applicationpool: 'app_pool',
    enabledprotocols: 'enabled_protocols',
    preloadenabled: 'preload_enabled',
  },
};
const rootDirectory: Kind = { type: 'iis_site', properties: { physicalpath: 'physical_path' } };

/** Takes one call of appcmd over into the drafts. */
export function appcmd(args: readonly string[], drafts: Drafts, at: Place): Unhandled {
  const call = readAppcmd(args);
  if (call.verb === 'list' || call.verb === 'search') return { needless: 'reads' };
  if (call.object === 'backup' && call.verb === 'add') return { needless: 'backup' };
  if (call.unknown.length > 0) return { why: `what ${call.unknown.join(' ')} asks of appcmd is not known` };
  switch (call.object) {
    case 'apppool':
      return object(call, pool, nameOf(call, 'name', 'apppool.name'), drafts, at);
    case 'site':
      return object(call, site, nameOf(call, 'name', 'site.name'), drafts, at);
    case 'app':
      return app(call, drafts, at);
    case 'vdir':
      return vdir(call, drafts, at);
    case 'config':
      return config(call, drafts, at, rowOfObject);
    default:
      return { why: `no resource says what appcmd does to ${call.object || 'nothing'}` };
  }
}

/** Takes the parameter: what is left in the end is what no property says. */
function taken({ parameters }: AppcmdArguments, name: string): string | undefined {
  const value = parameters.get(name)?.value;
  parameters.delete(name);
  return value;
}

/** The name of what is meant. `/name:` beside another name gives it a new one, and stays. */
const nameOf = (call: AppcmdArguments, made: string, said: string): string | undefined =>
  call.id ?? taken(call, said) ?? taken(call, made);

function object(
  call: AppcmdArguments,
  kind: Kind,
  name: string | undefined,
  drafts: Drafts,
  at: Place,
): Unhandled {
  if (name === undefined || name === '') return { why: 'it names no object' };
  taken(call, 'commit');
  const { verb, parameters, changes } = call;
  const extra = [...parameters.values()].map(one => `/${one.name}:${one.value}`);
  const isPlain = extra.length === 0 && changes.length === 0;
  if (verb !== 'add' && verb !== 'set' && !isPlain)
    return { why: `no resource says ${[...extra, ...changes.map(({ given }) => given)].join(' ')}` };
  if (kind.runs && (verb === 'start' || verb === 'stop')) {
    drafts.set(kind.type, name, at, { state: verb === 'start' ? 'started' : 'stopped' });
    return undefined;
  }
  if (verb === 'delete') {
    drafts.absent(kind.type, name, at);
    return undefined;
  }
  if (verb === 'recycle') return { needless: 'recycle' };
  if (verb !== 'add' && verb !== 'set') return { why: `appcmd ${verb} ${call.object} is not known` };
  if (verb === 'set' && isPlain) return { why: 'it sets nothing' };
  const draft = drafts.of(kind.type, name, at);
  for (const { name: attribute, value } of parameters.values()) {
    const unhandled = setAttribute(draft, kind, attribute, value, drafts);
    if (unhandled) return unhandled;
  }
  for (const change of changes) {
    const unhandled =
      kind === site ? changeBindings(draft, change) : { why: `no property says ${change.given}` };
    if (unhandled) return unhandled;
  }
  delete draft.properties.ensure;
  return undefined;
}

/** One attribute of a pool, a site and so on, by its property or by `set`. */
function setAttribute(draft: Draft, kind: Kind, name: string, value: string, drafts: Drafts): Unhandled {
  const { properties } = draft;
  const property = kind.properties[name.toLowerCase()];
  if (property === 'password') properties.password = drafts.secret(ownerOf(draft), draft.title, 'password');
  else if (property === 'bindings') properties.bindings = value.split(',').map(one => one.trim());
  else if (property === 'idle_timeout') properties.idle_timeout = durationOfSpan(value);
  else if (property !== undefined)
    properties[property] = /version|_name$|_path$|_pool$|protocols$/.test(property) ? value : scalar(value);
  else if (isSecretAttribute(name)) return { why: `${kind.type} has no property for the secret ${name}` };
  else if (!kind.set || /^(name|path|commit)$/i.test(name) || /^(app|site|apppool|vdir)\./i.test(name))
    return { why: `${kind.type} has no property for ${name}` };
  else properties.set = { ...(properties.set as object | undefined), [name]: scalar(value) };
  return undefined;
}

const ownerOf = ({ type, title }: Draft): string => `${type}:${title.toLowerCase()}`;

/** A row of a collection of sites or pools is that site or pool. */
function rowOfObject(
  section: 'pool' | 'site',
  change: CollectionChange,
  drafts: Drafts,
  at: Place,
): Unhandled {
  const kind = section === 'pool' ? pool : site;
  const { op, collection, nested, attribute } = change;
  const { name, ...others } = change.item;
  if (collection !== '' || name === undefined) return { why: `no property says ${change.given}` };
  if (nested) {
    if (kind !== site || nested.collection !== 'bindings' || Object.keys(others).length > 0)
      return { why: `no property says ${change.given}` };
    return changeBindings(drafts.of(kind.type, name, at), { ...change, ...nested, nested: undefined! });
  }
  if (op === 'remove') {
    if (Object.keys(others).length > 0 || attribute) return { why: `no property says ${change.given}` };
    drafts.absent(kind.type, name, at);
    return undefined;
  }
  if (op === 'set' && (!attribute || Object.keys(others).length > 0))
    return { why: `no property says ${change.given}` };
  const draft = drafts.of(kind.type, name, at);
  delete draft.properties.ensure;
  const said = attribute ? [[attribute.path, attribute.value] as const] : Object.entries(others);
  for (const [path, value] of said) {
    const unhandled = setAttribute(draft, kind, path, value, drafts);
    if (unhandled) return unhandled;
  }
  return undefined;
}

/** Bindings are declared all together, so those of a site can only be changed when all of them are known. */
function changeBindings({ properties }: Draft, change: CollectionChange): Unhandled {
  const { protocol, bindingInformation: information, sslFlags, ...others } = change.item;
  const isBinding = protocol !== undefined && information !== undefined && Object.keys(others).length === 0;
  if (!isBinding || change.op === 'set' || change.attribute || !/^(bindings)?$/.test(change.collection))
    return { why: `no property says ${change.given}` };
  const before = properties.bindings as unknown[] | undefined;
  if (!before)
    return { why: 'bindings are declared all together, and nothing here says what other ones the site has' };
  const key = `${protocol}/${information}`;
  const isOther = (one: unknown) =>
    typeof one === 'string'
      ? one !== key
      : `${(one as Record<string, unknown>).protocol}/${(one as Record<string, unknown>).information}` !==
        key;
  const kept = before.filter(isOther);
  if (change.op === 'remove' && kept.length === before.length)
    return { why: 'it removes a binding that nothing here adds' };
  const added = sslFlags === undefined ? key : { protocol, information, ssl_flags: scalar(sslFlags) };
  properties.bindings = change.op === 'remove' ? kept : [...kept, added];
  return undefined;
}

/** `set app "Site/"` is about the site's root application, which `iis_site` has properties for. */
function app(call: AppcmdArguments, drafts: Drafts, at: Place): Unhandled {
  const { id, verb } = call;
  const made = verb === 'add' ? [taken(call, 'site.name'), taken(call, 'path')] : [];
  const name =
    id ?? taken(call, 'app.name') ?? (made[0] !== undefined ? `${made[0]}${made[1] ?? ''}` : undefined);
  if (name === undefined) return { why: 'it names no application' };
  const root = /^([^/]+)\/?$/.exec(name);
  return root && verb === 'set'
    ? object(call, rootApplication, root[1], drafts, at)
    : object(call, application, name, drafts, at);
}

function vdir(call: AppcmdArguments, drafts: Drafts, at: Place): Unhandled {
  const { id, verb } = call;
  const [parent, path] = verb === 'add' ? [taken(call, 'app.name'), taken(call, 'path')] : [];
  const name =
    id ??
    taken(call, 'vdir.name') ??
    (parent !== undefined ? `${parent.replace(/\/$/, '')}${path ?? ''}` : undefined);
  if (name === undefined) return { why: 'it names no virtual directory' };
  const root = /^([^/]+)\/?$/.exec(name);
  if (root && verb === 'set') return object(call, rootDirectory, root[1], drafts, at);
  const unhandled = object(call, directory, name, drafts, at);
  if (!unhandled && parent !== undefined && /^[^/]+\/.+/.test(parent) && path !== undefined)
    drafts.set('iis_vdir', name, at, { app: parent.replace(/\/$/, ''), path });
  return unhandled;
}
