import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { sha256 } from '../../values/digest.ts';
import { appliedSecrets } from '../call/secrets.ts';
import { type Protection, protectionKey } from '../guard/protection.ts';
import { owedTo } from '../memory/owed-refreshes.ts';
import { byText, canonicalJson } from '../model/canonical.ts';
import type { Address, CatalogTarget, Json } from '../model/catalog.ts';
import type { Observation, Where } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { identityOf } from '../model/targets.ts';
import { loadSources } from '../observe/load-sources.ts';
import { diagnosticsOf } from '../observe/observe.ts';
import { type Answer, type AskMembers, askWorld } from '../select/members.ts';

/** One resource as it was seen. Holds no secret: what is secret in it is a reference. */
export type Recorded = Observation<object> & {
  address: Address;
  /** The real object's name. */
  id: string;
  /** SHA-256 of the properties it was observed for: a type reads only what is declared. */
  declared: string;
  /** Secrets known to be applied, references by pointer. */
  secrets?: Record<string, string>;
  /** Addresses whose changes owe it a refresh. */
  owed?: Address[];
  /** What it declared when it was last applied. */
  protection?: Protection;
};

/** All that planning needs to know of the world: `observe -o` writes it, `plan --observed` reads it. */
export interface Recording {
  converge_observed: 1;
  /** RFC 3339: when it was made; the time of every plan made from it. */
  now: string;
  /** Of the host that was observed. */
  where: Where;
  types: Record<string, number>;
  /** Targets by name: kind, and what tells the real one apart. */
  targets: Record<string, { type: string; identity: string }>;
  resources: Recorded[];
  /** What selections stood for; none without. */
  selections?: RecordedSelection[];
}

/** What was found for a selection, and for what question. */
export interface RecordedSelection extends Answer {
  address: Address;
  select: Json;
}

/** Asks the world, and keeps the answers for the recording. */
export function keepingAnswers(): { ask: AskMembers; answers: RecordedSelection[] } {
  const answers: RecordedSelection[] = [];
  return {
    answers,
    async ask(run, selection, targets) {
      const answer = await askWorld(run, selection, targets);
      answers.push({ address: selection.address, select: selection.select!, ...answer });
      return answer;
    },
  };
}

/**
 * The answers of a recording. A selection that isn't in it, or is written otherwise now, is a Failure
 * (given).
 */
export function recordedMembers(recording: Recording, file: string): AskMembers {
  const known = new Map(recording.selections?.map(selection => [selection.address, selection]));
  const failed = new Map(recording.resources.map(resource => [resource.address, resource]));
  return async (_run, { address, select, at }) => {
    const answer = known.get(address);
    if (answer && canonicalJson(answer.select) === canonicalJson(select)) return answer;
    const seen = failed.get(address);
    if (!answer && seen?.state === 'failed') throw new Failure(seen.diagnostic);
    const text = answer
      ? `\`${address}\` selected by something else when ${file} was made`
      : `what \`${address}\` selects is not in ${file}`;
    const hint = `observe again: converge observe PATHS -o ${file}`;
    throw new Failure(given('not-observed', text, { address, at, hint }));
  };
}

/** Records what `run.observed` holds of the subjects. */
export async function record(
  run: Run,
  subjects: readonly Subject[],
  targets: readonly CatalogTarget[],
  selections: readonly RecordedSelection[] = [],
): Promise<{ recording: Recording; diagnostics: Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  await loadSources(run, subjects);
  const known: Recording['targets'] = {};
  for (const target of targets) {
    const identity = await identityOf(run, target).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      diagnostics.push(...run.redactor.value(error.diagnostics));
      return 'unknown';
    });
    known[target.name] = { type: target.type, identity };
  }
  const resources: Recorded[] = [];
  for (const subject of subjects) resources.push(await recordOne(run, subject, diagnostics));
  const recording: Recording = {
    converge_observed: 1,
    now: new Date(run.world.host.clock.now()).toISOString(),
    where: run.where,
    types: Object.fromEntries(subjects.map(({ type }) => [type.name, type.version])),
    targets: known,
    resources: resources.sort((a, b) => byText(a.address, b.address)),
    ...(selections.length > 0 && {
      selections: selections.toSorted((a, b) => byText(a.address, b.address)),
    }),
  };
  return { recording: run.redactor.value(recording), diagnostics };
}

async function recordOne(run: Run, subject: Subject, diagnostics: Diagnostic[]): Promise<Recorded> {
  const observation = run.observed.get(subject.address)!;
  const is = observation.state === 'present' ? observation.value : {};
  const secrets = await appliedSecrets(run, subject, is).catch((error: unknown) => {
    diagnostics.push(...run.redactor.value(diagnosticsOf(error, subject)));
    return {};
  });
  const owed = owedTo(run, subject);
  const protection = run.world.memory.engine.get(protectionKey(subject.address)) as Protection | undefined;
  return {
    ...observation,
    address: subject.address,
    id: subject.id,
    declared: declaredDigest(subject),
    ...(Object.keys(secrets).length > 0 && { secrets }),
    ...(owed.length > 0 && { owed }),
    ...(protection && { protection }),
  };
}

const declaredDigest = ({ declared }: Subject): string => sha256(canonicalJson(declared.properties));

/**
 * Takes the place of `observe` for a plan from a recording. Throws a Failure (given) that names every
 * resource and target which isn't in it, and every type that has another version now. What was written
 * otherwise when it was observed is a warning: newly declared properties then look as if they weren't there.
 */
export function replay(recording: Recording, file: string, targets: readonly CatalogTarget[]) {
  const recorded = new Map(recording.resources.map(resource => [resource.address, resource]));
  return async (run: Run, subjects: readonly Subject[]): Promise<Diagnostic[]> => {
    const wrong = [
      ...targets.filter(({ name, type }) => recording.targets[name]?.type !== type).map(noTarget(file)),
      ...subjects.flatMap(subject => mistakeOf(subject, recorded, recording, file)),
    ];
    if (wrong.length > 0) throw new Failure(wrong);
    const failed = new Map<string, Diagnostic>();
    const rewritten: Diagnostic[] = [];
    for (const subject of subjects) {
      const {
        address: _,
        id: __,
        declared,
        secrets: ___,
        owed: ____,
        protection: _____,
        ...seen
      } = recorded.get(subject.address)!;
      run.observed.set(subject.address, seen as Observation<object>);
      if (seen.state === 'failed') failed.set(JSON.stringify(seen.diagnostic), seen.diagnostic);
      else if (declared !== declaredDigest(subject)) rewritten.push(otherwise(subject, file));
    }
    return [...failed.values(), ...rewritten];
  };
}

function mistakeOf(
  { address, id, declared, type }: Subject,
  recorded: ReadonlyMap<Address, Recorded>,
  recording: Recording,
  file: string,
): Diagnostic[] {
  const known = recorded.get(address);
  const again = `observe again: converge observe PATHS -o ${file}`;
  const details = { address, at: declared.at, hint: again };
  if (!known) {
    const near = suggest(address, recorded.keys());
    const hint = near === undefined ? again : `${near} Else ${again}`;
    return [given('not-observed', `\`${address}\` is not in ${file}`, { ...details, hint })];
  }
  if (known.id !== id) {
    return [given('not-observed', `\`${address}\` is ${id} now; ${file} holds ${known.id}`, details)];
  }
  const version = recording.types[type.name];
  if (version === type.version) return [];
  const text = `${file} was recorded with version ${version ?? 'none'} of the type \`${type.name}\`; this converge has ${type.version}`;
  return [given('type-moved', text, details)];
}

const noTarget =
  (file: string) =>
  ({ name, type, at }: CatalogTarget): Diagnostic =>
    given('not-observed', `the ${type} target \`${name}\` is not in ${file}`, {
      at,
      hint: `observe again: converge observe PATHS -o ${file}`,
    });

const otherwise = ({ address, declared }: Subject, file: string): Diagnostic => ({
  ...given('observed-otherwise', `\`${address}\` was written differently when ${file} was made`, {
    address,
    at: declared.at,
    hint: 'what was not declared then was not observed, and is planned as if it were missing; observe again to be sure',
  }),
  severity: 'warning',
});
