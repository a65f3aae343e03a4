import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { asDiagnostic } from '../../engine/model/mistakes.ts';
import type { Registry, TargetKind } from '../../engine/model/resource-type.ts';
import { type Annotated, annotated, type OnTarget } from '../../engine/model/schema-at.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import { valueSchema } from '../schema/json-schema.ts';
import type { Declarations, DeclaredResource } from '../scope/declared.ts';
import { systemName } from '../sections/requires.ts';
import { quoted } from '../syntax/scalar.ts';

type Report = (diagnostic: Diagnostic) => void;

/**
 * Ties every resource to where it lives: checks `target:`, or fills in the only target of the kind. A
 * kind that no target was declared for, and a host type that can't run here, are one error each however
 * many resources they concern.
 */
export function checkTargets(
  declarations: Declarations,
  registry: Registry,
  platform: NodeJS.Platform,
  report: Report,
): void {
  const homeless = new Map<string, DeclaredResource[]>();
  const elsewhere = new Map<string, DeclaredResource[]>();
  const roles = rolesIn(declarations);
  for (const declared of declarations.resources) {
    namedTargets(declared, declarations, roles, report);
    const { runs } = declared.type;
    if (runs.on === 'remote') remote(declared, runs.target, declarations, homeless, { roles, report });
    else {
      refuseTarget(declared, report);
      if (runs.platforms && !runs.platforms.includes(platform)) add(elsewhere, declared.type.name, declared);
    }
  }
  for (const [kind, resources] of homeless) report(noTarget(kind, registry.targets.get(kind), resources));
  for (const [type, resources] of elsewhere) {
    const { runs } = resources[0]!.type;
    const platforms = runs.on === 'host' ? (runs.platforms ?? []).map(systemName).join(' or ') : '';
    const message = `${subject(resources)} can't be here: \`${type}\` runs on ${platforms}, and this is ${systemName(platform)}`;
    const hint = `give it \`when: facts.os == '${(runs.on === 'host' ? (runs.platforms ?? []) : []).map(systemName)[0]}'\`, or a manifest of its own with \`requires: { os: ... }\``;
    report(given('wrong-platform', message, { ...first(resources), hint }));
  }
}

type Roles = ReadonlyMap<string, string>;

/** Targets that some property names for one thing alone (`x-role`), and for what. */
const rolesIn = ({ resources }: Declarations): Roles =>
  new Map(
    resources.flatMap(({ valid, resource, type }) =>
      valid
        ? annotated(type.schema, resource.properties, 'x-role').map(({ text, note }) => [text, note] as const)
        : [],
    ),
  );

/**
 * Targets of a repository, of a URL: those that properties name (`x-target`), and those of URLs that name
 * none (`x-on-target`).
 */
function namedTargets(
  declared: DeclaredResource,
  { targets, incomplete }: Declarations,
  roles: Roles,
  report: Report,
): void {
  const { resource, type } = declared;
  if (!declared.valid) return;
  const named = annotated(type.schema, resource.properties, 'x-target');
  const own = new Map(
    annotated(type.schema, resource.properties, 'x-role').map(({ pointer, note }) => [pointer, note]),
  );
  const roleAt = (pointer: string) => own.has(pointer) && { role: own.get(pointer)! };
  const isNamed = ({ pointer, note }: Annotated<OnTarget>) =>
    named.some(one => one.note === note.kind && parentOf(one.pointer) === parentOf(pointer));
  const unnamed = annotated(type.schema, resource.properties, 'x-on-target').filter(
    one => one.text.toLowerCase().startsWith(`${one.note.scheme}://`) && !isNamed(one),
  );
  const found = [
    ...named.map(({ pointer, text, note }) => ({
      pointer,
      ...resolveTarget(targets, note, text, { roles, ...roleAt(pointer) }),
    })),
    ...unnamed.map(({ pointer, text, note }) => ({
      pointer,
      ...resolveTarget(targets, note.kind, undefined, { url: text, roles }),
    })),
  ];
  for (const { pointer, mistake } of found) {
    if (!mistake || (mistake.code === 'unknown-target' && incomplete)) continue;
    declared.valid = false;
    report(asDiagnostic({ pointer, ...mistake }, resource));
  }
}

const parentOf = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'));

function remote(
  declared: DeclaredResource,
  kind: string,
  { targets, incomplete }: Declarations,
  homeless: Map<string, DeclaredResource[]>,
  { roles, report }: { roles: Roles; report: Report },
): void {
  const { resource } = declared;
  const written = resource.meta.target;
  const { target, mistake } = resolveTarget(targets, kind, written, { roles });
  if (target) resource.meta.target = target.name;
  else if (!mistake) {
    if (!incomplete) add(homeless, kind, declared);
  } else if (mistake.code !== 'unknown-target' || !incomplete) {
    declared.valid = false;
    const message = `${quoted(resource.address)}: ${mistake.message}`;
    // Many resources of one kind make the same mistake: it is told once.
    const cause = `${kind}:${written ?? ''}`;
    report({ ...asDiagnostic({ ...mistake, pointer: '/target', message }, resource), cause });
  }
}

function refuseTarget(declared: DeclaredResource, report: Report): void {
  const { resource, type } = declared;
  if (resource.meta.target === undefined) return;
  declared.valid = false;
  const at = resource.places.get('/target') ?? resource.at;
  const message = `\`${type.name}\` does not take a \`target\`: it works on the host that converge runs on`;
  report(given('wrong-target', message, { at, address: resource.address, hint: 'remove `target`' }));
}

function noTarget(kind: string, known: TargetKind | undefined, resources: DeclaredResource[]): Diagnostic {
  const required = known ? (valueSchema(known.schema).required ?? []) : [];
  const fields = [`type: ${kind}`, ...required.filter(name => name !== 'type').map(name => `${name}: ...`)];
  return given('no-target', `${subject(resources)} needs a target of type ${kind}, and none is declared`, {
    ...first(resources),
    hint: `declare one: \`targets: { NAME: { ${fields.join(', ')} } }\``,
  });
}

function first(resources: DeclaredResource[]): Pick<Diagnostic, 'at' | 'address'> {
  for (const declared of resources) declared.valid = false;
  const { at, address } = resources[0]!.resource;
  return { at, address };
}

function subject(resources: DeclaredResource[]): string {
  const name = quoted(resources[0]!.resource.address);
  return resources.length === 1 ? name : `${name} (and ${resources.length - 1} more)`;
}

function add<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
