import Type, { type Static } from 'typebox';
import type { ReadIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Id, Mistake, Observation } from '../../../engine/model/resource-type.ts';
import * as windows from '../../../windows/registry/machine-environment.ts';
import { registryClaim } from '../../../windows/registry/registry-claim.ts';
import { expanded } from '../../../windows/tools/programs.ts';
import { eachStep } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesSettings } from '../../shared/realms.ts';
import { contentClaim } from '../paths/path-claims.ts';
import * as linux from './etc-environment.ts';
import { listVariables } from './list-variables.ts';

export interface VariableState {
  value: string;
}

const schema = Type.Object(
  {
    value: Type.Optional(
      Type.String({ description: 'What it is set to. On Windows `%NAME%` is another variable.' }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type VariableProperties = Static<typeof schema>;

export const environmentVariable: BuiltInType<typeof schema, VariableState, Declaration> = {
  name: 'environment_variable',
  doc: `An environment variable of the machine, for all users and services. The title is its name.

On Windows it is one of the system's, in the registry; on Linux a line of \`/etc/environment\`, which sessions read and
services of systemd do not. Programs that converge starts later in the same run get it at once; those that run already
have to be started again. PATH is set by \`env_path\`. Every user can read it: it is no place for a secret.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32', 'linux'], elevated: true },
  // One writer: on Linux all are one file.
  realm: { name: 'environment', concurrency: 1, alsoDirties: writesSettings('environment') },
  neededUnlessAbsent: ['value'],
  check: ({ value = 'x' }, title, { platform }) => [
    ...nameMistakes(title, platform),
    ...valueMistakes(title, value, platform),
  ],
  identity: (_, title, { platform }) => (platform === 'win32' ? title.toLowerCase() : title),
  claims: (_, id, { platform }) => [
    platform === 'win32' ? registryClaim(windows.variablePath(id)) : contentClaim(linux.path, '', 'lines'),
  ],
  desired: ({ value = '' }) => ({ value }),
  observe,
  list: listVariables,
  toManifest: declarationToManifest,
  async apply(steps, io) {
    const { writeVariable } = io.platform === 'win32' ? windows : linux;
    const programs = await io.client('search_path');
    return eachStep(steps, async ({ kind, asked: { title, properties } }) => {
      const value = kind === 'delete' ? undefined : properties.value;
      await writeVariable(io, title, value);
      programs.set(title, value && forPrograms(value, io));
    });
  },
};

async function observe(
  asked: Asked<VariableProperties>[],
  io: ReadIo,
): Promise<Map<Id, Observation<VariableState>>> {
  const { readVariables } = io.platform === 'win32' ? windows : linux;
  try {
    const found = await readVariables(
      io,
      asked.map(({ title }) => title),
    );
    const programs = await io.client('search_path');
    return new Map(
      asked.map(({ id, title, properties }) => {
        const value = found.get(title);
        // converge may have been started before it was set.
        if (value !== undefined && value === properties.value) programs.set(title, forPrograms(value, io));
        return [id, value === undefined ? { state: 'absent' } : { state: 'present', value: { value } }];
      }),
    );
  } catch (error) {
    io.signal.throwIfAborted();
    const diagnostic = oneDiagnostic(error);
    return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
  }
}

const forPrograms = (value: string, { platform, env }: ReadIo): string =>
  platform === 'win32' ? expanded(value, env) : value;

function nameMistakes(title: string, platform: NodeJS.Platform): Mistake[] {
  const isName = platform === 'win32' ? /^[^=%\p{Cc}]{1,255}$/u : /^[A-Za-z_][A-Za-z0-9_]*$/;
  if (!isName.test(title))
    return [mistake('', 'wrong-name', `\`${title}\` can't be the name of an environment variable`)];
  if (title.toLowerCase() !== 'path' || (platform !== 'win32' && title !== 'PATH')) return [];
  const message = "PATH belongs to many, and isn't a single variable";
  return [mistake('', 'bad-variable', message, 'give each directory an `env_path`')];
}

function valueMistakes(title: string, value: string, platform: NodeJS.Platform): Mistake[] {
  const isWindows = platform === 'win32';
  const wrong = (message: string, hint?: string) => [mistake('/value', 'bad-variable', message, hint)];
  const found = (isWindows ? /[\0\r\n]/ : /["#\p{Cc}]/u).exec(value)?.[0];
  const where = isWindows ? 'no variable of Windows' : 'no line of /etc/environment';
  if (found !== undefined)
    return wrong(`the value of \`${title}\` holds ${JSON.stringify(found)}, which ${where} can have`);
  if (!isWindows || value !== '') return [];
  return wrong(`\`${title}\` has no text: Windows has no empty variables`, 'write `ensure: absent`');
}
