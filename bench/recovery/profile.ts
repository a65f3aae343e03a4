/** Where the CPU time of a command goes, by V8's own profile. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Node {
  id: number;
  callFrame: { functionName: string };
  children?: number[];
}

/**
 * What a function of the profile is for; the first that fits counts. The bundler gives a name that is there
 * twice a number, so that what hashes for different ends has names of its own in the source.
 */
const parts: [string, RegExp][] = [
  ['SHA-256: checks of what was read', /^(blockIdOf|payloadDigest)\d*$/],
  ['SHA-256: tags of sections', /^plainTag\d*$/],
  ['SHA-256: checksums of EBS', /^ebsChecksum\d*$/],
  ['the garbage collector', /^\(garbage collector\)$/],
  ['sending over sockets', /^writevGeneric$|^writeGeneric$/],
  ['copies', /^copyImpl$/],
  ['reading files', /^(openFileHandle|open|close|read|stat|lstat)$/],
];

/** Shares of the time that isn't idle, largest first. Throws when the command fails. */
export function profile([program, ...args]: string[], dir: string): { part: string; share: number }[] {
  mkdirSync(dir);
  const { status, stderr } = spawnSync(program!, ['--cpu-prof', `--cpu-prof-dir=${dir}`, ...args]);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  const { nodes, samples, timeDeltas } = JSON.parse(
    readFileSync(join(dir, readdirSync(dir)[0]!), 'utf8'),
  ) as {
    nodes: Node[];
    samples: number[];
    timeDeltas: number[];
  };
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const above = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id] as const)),
  );
  const partOf = (id: number): string => {
    // A hash shows as a call of Node's own: who asked for it is a few calls above.
    let at: number | undefined = id;
    for (let up = 0; up < 5 && at !== undefined; up++, at = above.get(at)) {
      const found = parts.find(([, form]) => form.test(names.get(at!)!));
      if (found) return found[0];
    }
    return 'the rest: HTTP, signatures, promises, start';
  };
  const known = new Map(nodes.map(({ id }) => [id, partOf(id)]));
  const times = new Map<string, number>();
  let all = 0;
  for (const [n, id] of samples.entries()) {
    if (names.get(id) === '(idle)') continue;
    all += timeDeltas[n]!;
    times.set(known.get(id)!, (times.get(known.get(id)!) ?? 0) + timeDeltas[n]!);
  }
  return [...times].map(([part, time]) => ({ part, share: time / all })).sort((a, b) => b.share - a.share);
}
