import Type, { type Static } from 'typebox';
import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { isSecretRef } from '../../engine/model/catalog.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import { pointerTo } from '../../engine/model/pointer.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Mistake,
  Observation,
  Outcome,
} from '../../engine/model/resource-type.ts';
import { endWords } from '../../io/errors.ts';
import type { CommandResult } from '../../io/ports.ts';
import { pathFirst } from '../shared/path-first.ts';
import { secret } from '../shared/schema-parts.ts';
import { observeEach } from './paths/observe-each.ts';
import { ancestors, hostPath } from './paths/path.ts';

export interface ExecState {
  run: 'done' | 'due';
}

/** Milliseconds: a guard only looks, a command may install something. */
const guardLimit = 5 * 60_000;
const commandLimit = 60 * 60_000;
/** Guards run at once while observing. */
const guardsAtOnce = 16;

const command = (description: string) => Type.Array(Type.String(), { minItems: 1, description });

const schema = Type.Object(
  {
    command: command('Program and arguments. No shell reads it.'),
    cwd: Type.Optional(Type.String({ description: 'Directory it runs in.', 'x-path': 'host' })),
    env: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), secret()]), {
        description: 'Environment variables, added to a scrubbed environment.',
      }),
    ),
    only_if: Type.Optional(command('Run only while this program succeeds.')),
    unless: Type.Optional(command('Run only while this program fails.')),
    creates: Type.Optional(
      Type.String({ description: 'Run only while this path is missing.', 'x-path': 'host' }),
    ),
    refresh_only: Type.Optional(Type.Boolean({ description: 'Run only when notified.' })),
  },
  { additionalProperties: false },
);

/** As written. */
export type ExecProperties = Static<typeof schema>;

export const exec: BuiltInType<typeof schema, ExecState> = {
  name: 'exec',
  doc: `Runs a program of this host when its guards say that it is due.

One of \`creates\`, \`only_if\`, \`unless\` and \`refresh_only\` is needed: without any the program would run
every time. Guards only look; they are run while planning, or when what brings their program or \`cwd\` is there.
All of those given must say that it is due, also when it is notified.`,
  version: 1,
  schema,
  runs: { on: 'host' },
  realm: { name: 'exec', concurrency: 4, alsoDirties: ['*'], alsoDirtiedBy: ['*'] },
  canBeAbsent: false,
  applyRefreshes: true,
  check(properties, title) {
    const found = [...programless(properties), ...unnameable(properties)];
    if (hasGuard(properties)) return found;
    const message = `nothing says when \`${title}\` is due, so it would run every time`;
    const hint = 'add `creates:`, `only_if:`, `unless:` or `refresh_only: true`';
    return [...found, mistake('', 'exec-without-guard', message, hint)];
  },
  identity: (_, title) => title,
  needs: ({ command: [program], only_if, unless, cwd }) =>
    [program, only_if?.[0], unless?.[0], cwd].filter(isAbsolute).map(path => ({
      anyOf: pathsAt(path).map(at => `path:${at}`),
    })),
  desired: () => ({ run: 'done' }),
  observe: (asked, io) => observeEach(asked, io, guardsAtOnce, look),
  async apply(steps, io) {
    const outcomes = new Map<Id, Outcome>();
    for (const { id, asked } of steps) outcomes.set(id, await runNow(asked, io));
    return outcomes;
  },
  async refresh(asked, io) {
    if (await guardsAllow(asked.properties, io)) return runNow(asked, io);
    return { ok: true, note: 'not run: its guards say that it is not due' };
  },
};

const hasGuard = ({ only_if, unless, creates, refresh_only }: ExecProperties): boolean =>
  refresh_only === true || [only_if, unless, creates].some(guard => guard !== undefined);

/** What no operating system can start. Else it shows when the program is due, which may be in a year. */
const programless = (properties: ExecProperties): Mistake[] =>
  (['command', 'only_if', 'unless'] as const).flatMap(name => {
    const [program] = properties[name] ?? ['set'];
    const isMissing = program!.trim() === '';
    return isMissing
      ? [mistake(`/${name}/0`, 'exec-no-program', `\`${name}\` names no program`, 'write its path or name')]
      : [];
  });

/** A name up to its first `=` would be set to something else. */
const unnameable = ({ env = {} }: ExecProperties): Mistake[] =>
  Object.keys(env).flatMap(name =>
    name === '' || /[=\0]/.test(name)
      ? [
          mistake(
            pointerTo(['env', name]),
            'wrong-name',
            own`an environment variable can't have the name \`${name}\``,
            'a name has at least one character, and no `=`',
          ),
        ]
      : [],
  );

const isAbsolute = (path: string | undefined): path is string =>
  path !== undefined && /^(\/|[A-Za-z]:[\\/])/.test(path);

/** The path itself and what is above it, so that a script waits for the file that brings it. */
function pathsAt(path: string): Id[] {
  const platform = path.startsWith('/') ? 'linux' : 'win32';
  const id = hostPath(path, { platform, cwd: '/' });
  return [id, ...ancestors(id)];
}

/** A guard that can't be started because something isn't there yet: what is declared may bring it. */
async function look(one: Asked<ExecProperties>, io: ReadIo): Promise<Observation<ExecState>> {
  try {
    return { state: 'present', value: { run: await due(one, io) } };
  } catch (error) {
    if (!failedWith(error, 'program-not-started')) throw error;
    const missing = await missingPath(one.properties, io);
    if (missing !== undefined) return pathFirst(missing);
    const named = bareName(one.properties);
    if (named === undefined) throw error;
    // What is declared may bring its directory onto PATH.
    return { state: 'unknown', waitsFor: `program:${named}` };
  }
}

/** The uppermost part that isn't there of the paths that the guards need. */
async function missingPath({ cwd, only_if, unless }: ExecProperties, io: ReadIo): Promise<Id | undefined> {
  for (const path of [cwd, only_if?.[0], unless?.[0]].filter(isAbsolute)) {
    for (const at of pathsAt(path).reverse()) if (!(await io.files.stat(at))) return at;
  }
  return undefined;
}

/** A guard's program that is looked up in PATH. */
const bareName = ({ only_if, unless }: ExecProperties): string | undefined =>
  [only_if?.[0], unless?.[0]].find(program => program !== undefined && !/[\\/]/.test(program));

async function due({ properties }: Asked<ExecProperties>, io: ReadIo): Promise<ExecState['run']> {
  if (properties.refresh_only === true) return 'done';
  return (await guardsAllow(properties, io)) ? 'due' : 'done';
}

async function guardsAllow(properties: ExecProperties, io: ReadIo): Promise<boolean> {
  const { creates, only_if, unless } = properties;
  if (creates !== undefined && (await io.files.stat(hostPath(creates, io)))) return false;
  if (only_if && !(await succeeds(only_if, properties, io))) return false;
  return !(unless && (await succeeds(unless, properties, io)));
}

async function succeeds(guard: string[], properties: ExecProperties, io: ReadIo): Promise<boolean> {
  const { exitCode, timedOut } = await start(guard, properties, guardLimit, io);
  if (timedOut) {
    throw new Failure(
      world('guard-timed-out', `the guard \`${guard[0]}\` took longer than 5 minutes`, {
        hint: 'use a quicker guard',
      }),
    );
  }
  return exitCode === 0;
}

async function runNow({ title, properties }: Asked<ExecProperties>, io: WriteIo): Promise<Outcome> {
  await io.step(`run ${title}`);
  const result = await start(properties.command, properties, commandLimit, io);
  if (result.exitCode === 0 && !result.timedOut) return { ok: true };
  const what = result.timedOut ? 'took longer than an hour and was stopped' : endWords(result.exitCode);
  const said = lastLines(result);
  const diagnostic = world(
    'exec-failed',
    own`\`${properties.command[0]}\` ${what}${said === '' ? '' : `: ${said}`}`,
  );
  return { ok: false, diagnostic, retry: 'asked', undone: false };
}

async function start(
  [program = '', ...args]: string[],
  properties: ExecProperties,
  timeout: number,
  io: ReadIo,
): Promise<CommandResult> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties.env ?? {})) {
    env[name] = isSecretRef(value) ? await io.secret(value) : value;
  }
  return io.run({
    file: program,
    args,
    cwd: properties.cwd === undefined ? io.cwd : hostPath(properties.cwd, io),
    env,
    timeout,
  });
}

/** The end of what the program said, on one line. */
function lastLines({ stderr, stdout }: CommandResult): string {
  const text = (stderr.trim() || stdout.trim()).replace(/\s+/g, ' ');
  return text.length > 300 ? `...${text.slice(-300)}` : text;
}
