import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Mistake, Observation, Step } from '../../../engine/model/resource-type.ts';
import type { FileStat } from '../../../io/ports.ts';
import {
  type Access,
  icacls,
  nameOfMask,
  type Rights,
  type Rule,
  readAccess,
} from '../../../windows/security/acl.ts';
import { commonName, commonSid } from '../../../windows/security/sids.ts';
import { ancestors, hostPath, pathMistakes } from '../../host/paths/path.ts';
import { eachStep, isChanged } from '../../shared/each-step.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { pathFirst } from '../../shared/path-first.ts';
import { writesFiles } from '../../shared/realms.ts';
import { oneOf } from '../../shared/schema-parts.ts';

/** One permission. In what was observed `rights` may also describe an entry that has no name. */
interface Permission {
  identity: string;
  rights: string;
  kind: 'allow' | 'deny';
}

export interface AclState {
  permissions: Permission[];
  inherit?: boolean;
}

const granted: Record<Rights, string> = { full: 'F', modify: 'M', read_execute: 'RX', read: 'R', write: 'W' };

/** Without SYNCHRONIZE, which nobody can open a file without: denying it would deny everything. */
const denied: Record<Rights, string> = {
  full: 'F',
  modify: 'DE,RC,RD,WD,AD,REA,WEA,X,RA,WA',
  read_execute: 'RC,RD,REA,X,RA',
  read: 'RC,RD,REA,RA',
  write: 'WD,AD,WEA,WA',
};

const schema = Type.Object(
  {
    permissions: Type.Array(
      Type.Object(
        {
          identity: Type.String({
            description:
              'An account or group: a name, `DOMAIN\\name`, a SID, or `IIS AppPool\\name`. English and German names of the groups that every Windows has work on all of them.',
            minLength: 1,
          }),
          rights: oneOf(Object.keys(granted) as Rights[], {
            description: 'What it may do: in a directory with all that is below it.',
          }),
          kind: Type.Optional(
            Type.Union([Type.Literal('allow'), Type.Literal('deny')], {
              description: '`allow` when left out.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
      { description: 'Who may do what.', minItems: 1, 'x-unordered': true },
    ),
    inherit: Type.Optional(
      Type.Boolean({
        description: 'Whether permissions of the directory above apply as well; `false` drops them.',
      }),
    ),
    mode: Type.Optional(
      Type.Union([Type.Literal('at_least'), Type.Literal('exact')], {
        description: '`exact` removes permissions of others; `at_least` (default) leaves them alone.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type AclProperties = Static<typeof schema>;

export const acl: BuiltInType<typeof schema, AclState> = {
  name: 'acl',
  doc: `Permissions on a file or directory of Windows; the title is its path.

One permission per account and kind: it takes the place of those that the account has there by itself. What is
inherited from above isn't counted, and what isn't declared stays, unless \`mode: exact\`. Accounts are compared
by their SIDs. \`ensure: absent\` takes the declared permissions away, and leaves the file.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'files', concurrency: 16, alsoDirties: writesFiles('files') },
  check: (properties, title, where) => [...pathMistakes(title, where, ''), ...contradictions(properties)],
  identity: (_, title, where) => hostPath(title, where),
  needs: (_, id) => [{ anyOf: [id, ...ancestors(id)].map(path => `path:${path}`) }],
  desired: ({ permissions, inherit }) => ({
    permissions: sorted(
      permissions.map(({ identity, rights, kind = 'allow' }) => ({
        identity: shown(identity),
        rights,
        kind,
      })),
    ),
    ...(inherit !== undefined && { inherit }),
  }),
  async observe(asked, io) {
    const kinds = new Map<string, FileStat['kind']>();
    for (const { id } of asked) {
      const stat = await io.files.stat(id);
      if (stat) kinds.set(id, stat.kind);
    }
    const names = asked.flatMap(({ properties }) => properties.permissions.map(({ identity }) => identity));
    const access = await readAccess(io, [...kinds.keys()].map(windowsPath), [...new Set(names)]);
    return new Map(
      asked.map(one => {
        const kind = kinds.get(one.id);
        return [one.id, kind ? look(one, kind === 'directory', access) : pathFirst(one.id)];
      }),
    );
  },
  async apply(steps, io) {
    const exact = steps.filter(({ kind, asked }) => kind !== 'delete' && asked.properties.mode === 'exact');
    const access = await readAccess(
      io,
      exact.map(({ id }) => windowsPath(id)),
      steps.flatMap(({ asked }) => asked.properties.permissions.map(({ identity }) => identity)),
    );
    return eachStep(steps, step => act(step, access, io));
  },
};

const windowsPath = (id: string): string => id.replaceAll('/', '\\');

/** The one spelling of an account: the English name of one that every Windows has, else as it was written. */
const shown = (identity: string): string => {
  const sid = commonSid(identity);
  if (sid === undefined) return identity;
  const name = commonName(sid);
  return name === sid && identity.includes('\\') ? identity : name;
};

const keyOf = ({ identity, kind }: Pick<Permission, 'identity' | 'kind'>): string =>
  `${kind} ${identity.toLowerCase()}`;

const sorted = (permissions: Permission[]): Permission[] =>
  permissions.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

function contradictions({ permissions, inherit }: AclProperties): Mistake[] {
  const seen = new Set<string>();
  const mistakes: Mistake[] = [];
  permissions.forEach(({ identity, kind = 'allow' }, index) => {
    const key = keyOf({ identity: commonSid(identity) ?? identity, kind });
    const message = `\`${identity}\` has two permissions of the kind \`${kind}\``;
    const hint = 'write one with the rights that it is to have';
    if (seen.has(key)) mistakes.push(mistake(`/permissions/${index}`, 'contradiction', message, hint));
    seen.add(key);
  });
  if (inherit === false && !permissions.some(({ kind }) => kind !== 'deny')) {
    const message = 'with `inherit: false` and no permission that allows anything nobody may enter';
    const hint = 'allow `BUILTIN\\Administrators` and `NT AUTHORITY\\SYSTEM` what they need';
    mistakes.push(mistake('/inherit', 'contradiction', message, hint));
  }
  return mistakes;
}

/** Declared accounts in their declared spelling. `absent` when none of the declared permissions is there. */
function look(
  { id, properties }: Asked<AclProperties>,
  isDirectory: boolean,
  { acls, sids }: Access,
): Observation<AclState> {
  const acl = acls.get(windowsPath(id))!;
  if (acl instanceof Failure) return { state: 'failed', diagnostic: oneDiagnostic(acl) };
  const missing = properties.permissions.find(({ identity }) => !sids.has(identity));
  if (missing) return { state: 'failed', diagnostic: unknownAccount(missing.identity) };
  const spelling = new Map(
    properties.permissions.map(({ identity }) => [sids.get(identity)!, shown(identity)]),
  );
  const isDeclared = ({ sid, deny }: Rule) =>
    properties.permissions.some(
      ({ identity, kind = 'allow' }) => sids.get(identity) === sid && (kind === 'deny') === deny,
    );
  if (!acl.rules.some(isDeclared)) return { state: 'absent' };
  const rules = properties.mode === 'exact' ? acl.rules : acl.rules.filter(isDeclared);
  const permissions = permissionsOf(rules, isDirectory, sid => spelling.get(sid) ?? commonName(sid));
  return { state: 'present', value: { permissions, inherit: !acl.isProtected } };
}

const unknownAccount = (identity: string) =>
  world('unknown-account', `this Windows does not know the account \`${identity}\``, {
    hint: 'check its spelling, write `DOMAIN\\name`, or its SID',
  });

/** One per account and kind; several entries of one account are one text that matches no declaration. */
function permissionsOf(rules: Rule[], isDirectory: boolean, nameOf: (sid: string) => string): Permission[] {
  const found = new Map<string, Permission>();
  for (const rule of rules) {
    const permission: Permission = {
      identity: nameOf(rule.sid),
      rights: describe(rule, isDirectory),
      kind: rule.deny ? 'deny' : 'allow',
    };
    const key = keyOf(permission);
    const before = found.get(key);
    found.set(
      key,
      before ? { ...permission, rights: `${before.rights} + ${permission.rights}` } : permission,
    );
  }
  return sorted([...found.values()]);
}

function describe({ mask, inherit, propagate }: Rule, isDirectory: boolean): string {
  const name = nameOfMask(mask);
  const usual = isDirectory ? inherit === 3 && propagate === 0 : inherit === 0;
  if (usual) return name;
  const flags = [inherit & 2 && 'OI', inherit & 1 && 'CI', propagate & 1 && 'NP', propagate & 2 && 'IO'];
  const said = flags.filter(Boolean).map(flag => `(${flag})`);
  return `${name} ${said.join('') || 'here alone'}`;
}

/**
 * One call of icacls. `access` holds the lists of those that are to be exact: an update doesn't say who else
 * is on it.
 */
async function act(step: Step<AclProperties, AclState>, access: Access, io: WriteIo): Promise<void> {
  const path = windowsPath(step.id);
  const { permissions, inherit, mode } = step.asked.properties;
  const declared = permissions.map(({ identity, rights, kind = 'allow' }) => {
    const sid = access.sids.get(identity);
    if (sid === undefined) throw new Failure(unknownAccount(identity));
    return { sid, rights, deny: kind === 'deny' };
  });
  if (step.kind === 'delete') {
    const again = inherit === false ? ['/inheritance:e'] : [];
    return icacls(io, path, [...again, ...declared.flatMap(removing)]);
  }
  const acl = mode === 'exact' ? access.acls.get(path) : undefined;
  if (acl instanceof Failure) throw acl;
  const others = new Map(
    (acl?.rules ?? [])
      .filter(rule => !declared.some(({ sid, deny }) => sid === rule.sid && deny === rule.deny))
      .map(rule => [`${rule.sid} ${rule.deny}`, rule]),
  );
  const flags = (await io.files.stat(step.id))?.kind === 'directory' ? '(OI)(CI)' : '';
  const denials = declared.filter(({ deny }) => deny);
  const grants = declared.filter(({ deny }) => !deny);
  await icacls(io, path, [
    ...(inherit !== undefined && isChanged(step, '/inherit') ? [`/inheritance:${inherit ? 'e' : 'r'}`] : []),
    ...[...others.values(), ...denials].flatMap(removing),
    // Denying takes the same rights out of what is granted, so it comes first.
    ...denials.flatMap(({ sid, rights }) => ['/deny', `*${sid}:${flags}(${denied[rights]})`]),
    ...grants.flatMap(({ sid, rights }) => ['/grant:r', `*${sid}:${flags}(${granted[rights]})`]),
  ]);
}

const removing = ({ sid, deny }: Pick<Rule, 'sid' | 'deny'>): string[] => [
  deny ? '/remove:d' : '/remove:g',
  `*${sid}`,
];
