import Type from 'typebox';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type {
  Asked,
  Id,
  Observation,
  Outcome,
  ResourceType,
  Step,
} from '../../../engine/model/resource-type.ts';
import type { SearchPath } from '../../../io/search-path.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesSettings } from '../../shared/realms.ts';
import { ancestors, hostPath } from '../paths/path.ts';
import { isProfileRight, removeProfile, writeProfile } from './profile.ts';
import { listed, write } from './windows-path.ts';

declare module '../../../engine/model/io.ts' {
  interface Clients {
    search_path: SearchPath;
  }
}

/** As written. */
export interface EnvPathProperties {
  path?: string;
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

export const envPath: ResourceType<EnvPathProperties, EnvPathState> = {
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
  identity({ path }, title, where) {
    const id = hostPath(path ?? title, where);
    const separator = where.platform === 'win32' ? /[;"%]/ : /[:\p{Cc}]/u;
    if (!separator.test(id)) return id;
    throw new Failure(given('bad-path-entry', `${id} can't be an entry of PATH: it holds a separator`));
  },
  needs: (_, id) => [{ anyOf: [id, ...ancestors(id)].map(path => `path:${path}`) }],
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
        steps.map(({ id }): [Id, Outcome] => [id, { ok: false, diagnostic, retry: 'never', undone: false }]),
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
