import Type, { type Static } from 'typebox';
import { world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { isSecretRef, type SecretRef } from '../../engine/model/catalog.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Mistake,
  Observation,
  Outcome,
  Step,
  Where,
} from '../../engine/model/resource-type.ts';
import { sha256 } from '../../values/digest.ts';
import { oneByOne } from '../shared/each-step.ts';
import { writesFiles } from '../shared/realms.ts';
import { secret } from '../shared/schema-parts.ts';
import { digestOfFile } from './paths/digest-file.ts';
import { observeEach } from './paths/observe-each.ts';
import { ancestors, hostPath, ownPathMistakes, writtenPath } from './paths/path.ts';
import { contentClaim, kindClaim } from './paths/path-claims.ts';
import { textDiff } from './text-diff.ts';

export interface FileState {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  /** `sha256:…`, or the reference of the secret that the file is known to hold, or `other` if it doesn't. */
  content?: string | SecretRef;
  /** Four octal digits; left out where the platform has none. */
  mode?: string;
}

/** Files read at once while observing. */
const openAtOnce = 32;

const schema = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        description: 'Where it is, when the title is only a name.',
        'x-path': 'host',
        minLength: 1,
      }),
    ),
    kind: Type.Optional(
      Type.Union([Type.Literal('file'), Type.Literal('directory')], {
        description: 'What it is; `file` when left out.',
        'x-immutable': true,
      }),
    ),
    content: Type.Optional(
      Type.Union([Type.String({ 'x-multiline': true }), secret()], {
        description: 'The whole content: text, or a secret.',
      }),
    ),
    source: Type.Optional(
      Type.String({
        description: "A file whose bytes are the content, relative to the manifest's file.",
        'x-path': 'source',
      }),
    ),
    mode: Type.Optional(
      Type.String({
        description: 'Permission bits in octal, `0644`. Not on Windows.',
        pattern: '^0?[0-7]{3,4}$',
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type FileProperties = Static<typeof schema>;

export const file: BuiltInType<typeof schema, FileState> = {
  name: 'file',
  doc: `A file or directory of this host. The title is its path, or \`path:\` says it.

What isn't declared isn't managed: without \`content\` or \`source\` an existing file keeps its content, a
missing one is made empty. A directory is deleted only when it is empty. A plan shows a change of content as
digests, and of short text that others may read as a diff; saved as JSON it also holds the text as it was declared, so what nobody may read belongs in a secret.
A file that holds a secret belongs to whoever runs converge, \`0600\` unless \`mode\` says something else; one that
exists is made so when the secret is written, and one of another user is refused. Other content leaves a file to its
owner; a mode that a user other than root and the runner gave it is narrowed to what a new file would have, and setuid
is never kept.`,
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 'files', concurrency: 16, alsoDirties: writesFiles('files') },
  check: (properties, title, where) => [
    ...ownPathMistakes(properties, title, where),
    ...contradictions(properties, where),
  ],
  identity: ({ path }, title, where) => hostPath(path ?? title, where),
  provides: (_, id) => [`path:${id}`],
  needs: (_, id) => [{ anyOf: ancestors(id).map(path => `path:${path}`) }],
  claims: ({ kind = 'file', content, source, mode }, id) => [
    kindClaim(id, kind),
    // One that says nothing but the mode of what another resource brings leaves it the content.
    ...(kind === 'file' && ((content ?? source) !== undefined || mode === undefined)
      ? [contentClaim(id)]
      : []),
  ],
  desired({ kind = 'file', content, source, mode }, _, sources = {}) {
    const wanted = source === undefined ? content : `sha256:${sources[source]}`;
    return {
      kind,
      ...(wanted !== undefined && {
        content: isSecretRef(wanted) || source !== undefined ? wanted : digestOf(wanted),
      }),
      ...(mode !== undefined && { mode: mode.padStart(4, '0') }),
    };
  },
  observe: (asked, io) => observeEach(asked, io, openAtOnce, look),
  apply: (steps, io) => oneByOne(steps, step => change(step, io)),
};

function contradictions({ kind, content, source, mode }: FileProperties, { platform }: Where): Mistake[] {
  const wrong = (pointer: string, message: string, hint: string) =>
    mistake(pointer, 'contradiction', message, hint);
  const mistakes: Mistake[] = [];
  if (content !== undefined && source !== undefined)
    mistakes.push(
      wrong('/source', 'a file has either `content` or `source`, not both', 'remove one of the two'),
    );
  if (mode !== undefined && platform === 'win32')
    mistakes.push(wrong('/mode', 'Windows has no permission bits', 'remove `mode:`'));
  if (kind === 'directory' && (content ?? source) !== undefined)
    mistakes.push(
      wrong(
        content === undefined ? '/source' : '/content',
        'a directory has no content',
        'remove `content` or `source`, or `kind: directory`',
      ),
    );
  return mistakes;
}

async function look({ id, properties }: Asked<FileProperties>, io: ReadIo): Promise<Observation<FileState>> {
  const stat = await io.files.stat(id);
  if (!stat) return { state: 'absent' };
  const value: FileState = {
    kind: stat.kind,
    ...(io.platform !== 'win32' && { mode: stat.mode.toString(8).padStart(4, '0') }),
  };
  const isManaged = properties.content !== undefined || properties.source !== undefined;
  if (stat.kind === 'file' && isManaged) {
    const digest = (await digestOfFile(io.files, id)) ?? 'other';
    value.content = isSecretRef(properties.content)
      ? digest === digestOf(await io.secret(properties.content))
        ? properties.content
        : 'other'
      : digest;
  }
  const diff =
    value.content?.toString().startsWith('sha256:') === true && value.content !== wantedDigest(properties)
      ? await textDiff({ id, stat, digest: value.content as string }, properties, io)
      : undefined;
  return { state: 'present', value, ...(diff !== undefined && { diffs: { '/content': diff } }) };
}

/** Undefined of a source, whose digest the engine has. */
const wantedDigest = ({ content }: FileProperties): string | undefined =>
  typeof content === 'string' ? digestOf(content) : undefined;

async function change(step: Step<FileProperties, FileState>, io: WriteIo): Promise<Outcome> {
  const { id } = step;
  if (step.kind === 'delete') return remove(id, step.is, io);
  const mode =
    step.should.mode === undefined || io.platform === 'win32'
      ? undefined
      : Number.parseInt(step.should.mode, 8);
  const withMode = mode === undefined ? {} : { mode };
  if (step.should.kind === 'directory') {
    if (step.kind === 'create') {
      await io.step(`make ${id}`);
      await io.files.mkdir(writtenPath(nameOf(step.asked), io), withMode);
    }
  } else if (step.kind === 'create' || step.fields.some(({ path }) => path.startsWith('/content'))) {
    await io.step(`write ${id}`);
    const content = await contentOf(step.asked.properties, io);
    await io.files.writeAtomic(writtenPath(nameOf(step.asked), io), content, {
      ...withMode,
      // Nobody else's, also where a file is that everybody could read.
      ...(isSecretRef(step.asked.properties.content) && { private: true }),
    });
    // It was made with its mode, before it had its name.
    return { ok: true };
  }
  if (mode !== undefined) {
    // The process's umask has its say in mkdir.
    await io.step(`set the mode of ${id}`);
    await io.files.chmod(id, mode);
  }
  return { ok: true };
}

const nameOf = ({ title, properties: { path } }: Asked<FileProperties>): string => path ?? title;

async function remove(id: Id, { kind }: FileState, io: WriteIo): Promise<Outcome> {
  if (kind === 'directory' && ((await io.files.list(id)) ?? []).length > 0) {
    return refused(id, 'it is a directory that is not empty, and only empty ones are deleted');
  }
  await io.step(`remove ${id}`);
  await io.files.remove(id);
  return { ok: true };
}

const refused = (id: Id, why: string): Outcome => ({
  ok: false,
  diagnostic: world('file-refused', own`${id} is left as it is: ${why}`, {
    hint: own`move it away, or change the declaration`,
  }),
  retry: 'never',
  undone: true,
});

async function contentOf(
  { content, source }: FileProperties,
  io: WriteIo,
): Promise<Buffer | AsyncIterable<Buffer>> {
  if (source !== undefined) return io.source(source);
  return Buffer.from(isSecretRef(content) ? await io.secret(content) : (content ?? ''));
}

const digestOf = (content: string): string => `sha256:${sha256(content)}`;
