import { commit, type Server } from '../host/host.ts';
import { type Arguments, operationsBut } from '../text/args.ts';
import { type InputRow, readInput } from '../text/input.ts';
import { EXIT, failure } from '../text/messages.ts';
import type { Result } from '../text/output.ts';
import { type Added, add } from './add.ts';
import { control, remove, set } from './change.ts';
import { IDENTIFIER, type KindName } from './kinds.ts';
import { list } from './list.ts';
import { identifierOf, type Wanted } from './select.ts';

const CONTROLS: Record<string, readonly KindName[]> = {
  start: ['SITE', 'APPPOOL'],
  stop: ['SITE', 'APPPOOL'],
  recycle: ['APPPOOL'],
};

/** A command on sites, applications, virtual directories or pools. `each` runs once for each row of `/in`. */
export async function objectCommand(
  server: Server,
  kind: KindName,
  args: Arguments,
  input: string,
  each: (work: () => Promise<string[]>) => Promise<void>,
): Promise<Result | undefined> {
  const rows: (InputRow | undefined)[] = args.input ? readInput(input) : [undefined];
  const { verb } = args;
  if (verb === 'list')
    return list(
      server,
      kind,
      rows.map(row => wanted(kind, args, row)),
      args,
    );
  const work = verbOf(server, kind, args);
  for (const row of rows)
    await each(async () => {
      const lines = await work(row);
      await commit(server);
      return lines;
    });
  return undefined;
}

function verbOf(server: Server, kind: KindName, args: Arguments): (row?: InputRow) => Promise<string[]> {
  const identifier = (row?: InputRow) =>
    row?.facts.get(IDENTIFIER[kind]) ?? identifierOf(kind, args.identifier, args.parameters);
  const { verb } = args;
  if (verb === 'add') return row => add(server, kind, added(kind, args, row));
  if (verb === 'set')
    return row => set(server, kind, identifier(row), operationsBut(args, [IDENTIFIER[kind]]));
  if (verb === 'delete') return row => remove(server, kind, identifier(row));
  if (CONTROLS[verb]?.includes(kind)) return row => control(server, kind, verb, identifier(row));
  throw failure(EXIT.notSupported, 'unsupportedVerb', verb, kind);
}

/** Rows of another kind narrow by the name they share: `list sites /xml | list apps /in`. */
function wanted(kind: KindName, args: Arguments, row: InputRow | undefined): Wanted {
  const properties = new Map(args.parameters);
  properties.delete(IDENTIFIER[kind]);
  const own = identifierOf(kind, args.identifier, args.parameters);
  if (!row) return { identifier: own, properties };
  if (row.kind === kind) return { identifier: row.facts.get(IDENTIFIER[kind]) ?? own, properties };
  const shared = IDENTIFIER[row.kind as KindName] as string | undefined;
  const name = shared === undefined ? undefined : row.facts.get(shared);
  if (shared !== undefined && name !== undefined) properties.set(shared, name);
  return { identifier: own, properties };
}

const HANDLED: Record<KindName, string[]> = {
  SITE: ['name', 'site.name', 'id', 'site.id', 'bindings', 'physicalpath', 'state'],
  APP: ['site.name', 'app.name', 'path', 'physicalpath', 'apppool.name'],
  VDIR: ['app.name', 'vdir.name', 'path', 'physicalpath'],
  APPPOOL: ['name', 'apppool.name', 'state', 'pipelinemode', 'runtimeversion'],
};

function added(kind: KindName, args: Arguments, row: InputRow | undefined): Added {
  const parameters = new Map([...(row?.facts ?? []), ...args.parameters]);
  const alias = kind === 'SITE' ? 'site.name' : kind === 'APPPOOL' ? 'apppool.name' : undefined;
  const name = alias === undefined ? undefined : parameters.get(alias);
  if (name !== undefined && !parameters.has('name')) parameters.set('name', name);
  const id = parameters.get('site.id');
  if (id !== undefined && !parameters.has('id')) parameters.set('id', id);
  const operations = operationsBut(args, HANDLED[kind]);
  const pool = row?.facts.get('apppool.name');
  if (kind === 'APP' && pool !== undefined && !row?.body)
    operations.push({
      kind: 'set',
      steps: [],
      attribute: 'applicationPool',
      value: pool,
      given: 'applicationPool',
    });
  return { parameters, operations, ...(row?.body ? { body: row.body } : {}) };
}
