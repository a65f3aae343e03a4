import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { piecesOf } from '../../io/content.ts';
import type { Clock, ReadFiles } from '../../io/ports.ts';
import type { Clients, Progress, ReadIo, WriteIo } from '../model/io.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { identityOf } from '../model/targets.ts';
import { type Handed, keepHanded } from './leaks.ts';

const setBack = (clock: Clock, behind: number): Clock => ({
  now: () => clock.now() - behind,
  sleep: (ms, signal) => clock.sleep(ms, signal),
});

/**
 * What a type may touch while it observes the resources of one target.
 * @param behind ms that its clock is set back
 */
export function readIo(
  run: Run,
  {
    target,
    type,
    declared,
  }: Pick<Subject, 'type'> & { target?: Subject['target'] | undefined; declared?: Subject['declared'] },
  signal: AbortSignal = run.signal,
  handed: Handed = new Map(),
  behind = 0,
): ReadIo {
  const { world, redactor } = run;
  const { clock, random, platform, cwd, env, files, processes } = world.host;
  const place = target?.name ?? (type.runs.on === 'remote' ? type.runs.target : 'host');
  return {
    clock: behind === 0 ? clock : setBack(clock, behind),
    ...(behind !== 0 && { behind }),
    random,
    platform,
    cwd,
    env,
    files: onlyReading(files),
    memory: { get: (key, of = type.name) => run.memories.get(of)?.get(key) },
    signal,
    targetIdentity: async () => (target ? identityOf(run, target) : place),
    client: <K extends keyof Clients>(name: K): Promise<Clients[K]> => {
      const key = `${place}\n${String(name)}`;
      const known = run.clients.get(key);
      if (known) return known as Promise<Clients[K]>;
      const connecting = world.connect(target, name, run.calls.counter(place));
      run.clients.set(key, connecting);
      // A later wave may find the target reachable again.
      connecting.catch(() => run.clients.delete(key));
      return connecting as Promise<Clients[K]>;
    },
    secret: keepHanded(handed, async ref => {
      const value = await world.secret(ref);
      redactor.add(value);
      return value;
    }),
    sourceDigest: path => run.sources[path],
    source: async path => {
      const file = await world.source(path);
      if (!file) throw new Failure(given('source-not-found', `the content source ${path} isn't there`));
      return piecesOf(file);
    },
    // Before any type sees, cuts or reformats it: afterwards a secret might not be known again.
    run: async command => {
      // A resource's own time limit takes the place of what a type thinks that one program may take.
      const { timeout, ...unlimited } = command;
      const own = declared?.meta.timeout === undefined && timeout !== undefined;
      const { stdout, stderr, ...result } = await processes.run(own ? command : unlimited, signal);
      return { ...result, stdout: redactor.text(stdout), stderr: redactor.text(stderr) };
    },
  };
}

/** What a type may touch while it changes things; `onProgress` knows whose step it is. */
export function writeIo(
  run: Run,
  subject: Subject,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
  handed: Handed = new Map(),
): WriteIo {
  const reading = readIo(run, subject, signal, handed);
  return {
    ...reading,
    files: run.world.host.files,
    memory: {
      ...reading.memory,
      set: (key, value) => run.memories.get(subject.type.name)!.set(key, value),
    },
    progress: onProgress,
    step: name => run.step(name),
    once: <T>(name: string, make: () => Promise<T>): Promise<T> => {
      const known = run.once.get(name) ?? make();
      run.once.set(name, known);
      known.catch(() => run.once.delete(name));
      return known as Promise<T>;
    },
  };
}

/** A type written in plain JavaScript must not get at the writing half either. */
function onlyReading(files: ReadFiles): ReadFiles {
  return {
    read: (path, options) => files.read(path, options),
    stat: path => files.stat(path),
    list: path => files.list(path),
    readlink: path => files.readlink(path),
    open: path => files.open(path, 'r'),
  };
}
