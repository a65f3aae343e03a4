import Type, { type Static } from 'typebox';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Observation,
  Outcome,
  Step,
} from '../../../engine/model/resource-type.ts';
import type { SearchPath } from '../../../io/search-path.ts';
import { variablePath } from '../../../windows/registry/machine-environment.ts';
import { registryClaim } from '../../../windows/registry/registry-claim.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesSettings } from '../../shared/realms.ts';
import { ancestors, hostPath } from '../paths/path.ts';
import { contentClaim } from '../paths/path-claims.ts';
import { isProfileRight, profileOf, removeProfile, writeProfile } from './profile.ts';
import { listed, write } from './windows-path.ts';

declare module '../../../engine/model/io.ts' {
  interface Clients {
    search_path: SearchPath;
  }
}

export interface EnvPathState {
  on_path: boolean;
}

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'The directory, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type EnvPathProperties = Static<typeof schema>;

export const envPath: BuiltInType<typeof schema, EnvPathState> = {
  name: 'env_path',
  doc: `A directory that this host finds programs in. The title is the directory, or \`path:\` says it.

On Windows it is at the end of the machine's Path, on Linux a file in \`/etc/profile.d\` that login shells read. The
programs that converge runs find it at once, in the same run; a service that runs already sees it when it is
started again. Other entries stay as they are written. That the directory is there is not demanded.`,
  version: 1,
  schema,
  runs: { on: 'host', elevated: true },
  // One writer: all of Windows' Path is one value.
  realm: { name: 'env_path', concurrency: 1, alsoDirties: writesSettings('env_path') },
  check({ path }, title, where) {
    const id = hostPath(path ?? title, where);
    const separator = where.platform === 'win32' ? /[;"%]/ : /[:\p{Cc}]/u;
    const message = `${id} can't be an entry of PATH: it holds a separator`;
    return separator.test(id) ? [mistake(path === undefined ? '' : '/path', 'bad-path-entry', message)] : [];
  },
  identity: ({ path }, title, where) => hostPath(path ?? title, where),
  needs: (_, id) => [{ anyOf: [id, ...ancestors(id)].map(path => `path:${path}`) }],
  claims: (_, id, { platform }) =>
    platform === 'win32'
      ? [{ what: registryClaim(variablePath('Path')).what, pointer: '', shared: 'entries' }]
      : [contentClaim(profileOf(id))],
  desired: () => ({ on_path: true }),
  observe,
  async apply(steps, io) {
    try {
      await change(steps, io);
      return new Map(steps.map(({ id }): [Id, Outcome] => [id, { ok: true }]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(
        steps.map(({ id }): [Id, Outcome] => [id, { ok: false, diagnostic, retry: 'asked', undone: false }]),
      );
    }
  },
};

async function observe(
  asked: Asked<EnvPathProperties>[],
  io: ReadIo,
): Promise<Map<Id, Observation<EnvPathState>>> {
  const isListed = io.platform === 'win32' ? await listed(io) : undefined;
  const searchPath = await io.client('search_path');
  const seen = new Map<Id, Observation<EnvPathState>>();
  for (const { id } of asked) {
    const found = isListed ? isListed(id) || undefined : await isProfileRight(id, io);
    // converge may have been started before it was put there.
    if (found) searchPath.add(id);
    seen.set(id, found === undefined ? { state: 'absent' } : { state: 'present', value: { on_path: found } });
  }
  return seen;
}

async function change(steps: Step<EnvPathProperties, EnvPathState>[], io: WriteIo): Promise<void> {
  const searchPath = await io.client('search_path');
  const add = steps.filter(({ kind }) => kind !== 'delete');
  const remove = steps.filter(({ kind }) => kind === 'delete').map(({ id }) => id);
  if (io.platform === 'win32') {
    const entries = add.map(({ id, asked }) => ({ id, written: asked.properties.path ?? asked.title }));
    await write(entries, remove, io);
  } else {
    for (const { id } of add) await writeProfile(id, io);
    for (const id of remove) await removeProfile(id, io);
  }
  for (const { id } of add) searchPath.add(id);
  for (const id of remove) searchPath.remove(id);
}
