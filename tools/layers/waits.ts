import { codeOf } from './imports.ts';

/**
 * Files outside of `src/io` that wait on a clock themselves, and why neither `retry` nor `until` does it for
 * them. Whatever else waits in a loop goes through one of the two.
 */
const waits: Readonly<Record<string, string>> = {
  'operation/agent.ts': 'until the next VM is due, or a cycle ends',
  'operation/watchdog.ts': 'looks for as long as the agent runs',
  'manifest/types/evaluate-type.ts': 'a deadline',
  'engine/call/call-in-time.ts': 'a deadline',
  'engine/call/make-io.ts': "hands the run's clock to a type",
  'engine/apply/change.ts': 'retries of resources are turns of the run, which observes and decides anew',
  'replication/model/store.ts': 'a clock that tells the time of the store',
  'replication/cycle/lease.ts': 'a deadline, and the heartbeat of a lease',
  'masterless/rollout/bump.ts': 'tells what it sees between two looks',
  'masterless/instance/jobs.ts': 'a schedule without an end',
  'network/connecting.ts': 'a deadline',
  'network/slow.ts': 'a deadline, which moves with what has come',
  'network/throttle.ts': 'bytes wait for their turn, by a limit that changes by the clock',
  'aws/recovery/calls/pace.ts': 'a call has to wait for its turn, and does so once',
  'recovery/failover/rehearse.ts': 'the pause between two groups, which the plan asks for',
  'recovery/prober/prober.ts': 'a deadline: for so long a connection has to stay',
  'vsphere/soap/tasks.ts': 'the server waits; a cancel gives the waiting another end half-way',
  'windows/capture/replay.ts': 'a clock that never waits',
  'cli/process.ts': 'ends a process that cannot end by itself',
  'lab/clock.ts': 'the clock of the lab',
  'lab/boot/machines.ts': 'writes down what it sees at each look',
  'lab/s3/server.ts': 'answers late, as it was told',
  'lab/vsphere/world/signal.ts': 'a change or a time, whichever is first',
  'lab/vsphere/world/tasks.ts': 'a task takes its time',
};

const waiting = /\bsleep\b|(?<![.\w])setTimeout\b|(?<![.\w])setInterval\b/g;

/** Where `src` waits by hand. `texts` are its files by path. */
export const checkWaits = (
  texts: ReadonlyMap<string, string>,
  allowed: Readonly<Record<string, string>> = waits,
): string[] => {
  const found = [...texts].flatMap(([file, text]) => {
    if (!file.endsWith('.ts') || file.endsWith('.d.ts') || file.startsWith('io/')) return [];
    const code = codeOf(text);
    return [...code.matchAll(waiting)].map(({ index }) => {
      const before = code.slice(0, index).split('\n');
      return { file, place: `src/${file}:${before.length}:${before.at(-1)!.length + 1}` };
    });
  });
  const kept = [...texts].flatMap(([file, text]) =>
    [...codeOf(text).matchAll(/\bAbortSignal\.any\b/g)].map(
      () => `src/${file}: AbortSignal.any keeps all that listens to it; use eitherOf of src/io/either.ts`,
    ),
  );
  const idle = Object.keys(allowed).filter(file => !found.some(one => one.file === file));
  return [
    ...found
      .filter(({ file }) => !(file in allowed))
      .map(
        ({ place }) =>
          `${place}: waits by hand; use retry or until of src/io, or say why in tools/layers/waits.ts`,
      ),
    ...kept,
    ...idle.map(file => `tools/layers/waits.ts: ${file} waits for nothing`),
  ];
};
