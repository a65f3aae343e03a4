import { blocked, type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { byText } from '../model/canonical.ts';
import type { Plan, PlannedResource, SelectionMade } from '../model/plan.ts';
import type { Run } from '../model/run.ts';
import { type Subject, subjectsOf } from '../model/subject.ts';
import { identityOf } from '../model/targets.ts';
import { fileOf } from '../model/type-bug.ts';
import { loadSources, sourceDigest } from '../observe/load-sources.ts';
import { observe } from '../observe/observe.ts';
import { askWorld } from '../select/members.ts';
import { fingerprint, relativeTo } from './planner.ts';

const again = { hint: 'plan again, review, and apply the new plan' };

/**
 * Before a plan from a file is applied: observes what it touches, and nothing else. Throws a Failure
 * (blocked) that names all that has moved since it was made: types, targets, content sources, resources.
 */
export async function recheck(plan: Plan, run: Run): Promise<void> {
  if (plan.lab !== run.where.lab) {
    const [made, here] = plan.lab ? ['in a lab', 'the real world'] : ['for the real world', 'a lab'];
    throw new Failure(
      blocked('other-world', `the plan was made ${made}, and this is ${here}`, {
        hint: plan.lab ? 'add --lab, or plan again without it' : 'leave --lab out, or plan again with it',
      }),
    );
  }
  if (plan.lab_id !== undefined && plan.lab_id !== run.where.labId) {
    throw new Failure(
      blocked('other-world', 'the plan was made in another lab than this one', {
        hint: 'give --lab the folder that it was made with, or plan again with this one',
      }),
    );
  }
  const platform = run.where.platform === 'win32' ? 'win32' : undefined;
  if (plan.platform !== platform) {
    const [made, here] = plan.platform ? ['for a Windows host', 'none'] : ['for no Windows host', 'one'];
    throw new Failure(
      blocked('other-platform', `the plan was made ${made}, and this is ${here}`, {
        hint: 'plan again on the host that it is for',
      }),
    );
  }
  const moved = movedTypes(plan, run);
  for (const target of plan.targets) {
    const identity = await identityOf(run, target);
    if (identity === target.identity) continue;
    const text = `the target \`${target.name}\` is now ${identity}; the plan was made for ${target.identity}`;
    moved.push(blocked('target-moved', text, again));
  }
  // Observing another world than the planned one would only add noise, and cost.
  if (moved.length > 0) throw new Failure(moved);

  const found = await Promise.all(
    (plan.selections ?? []).map(selection => movedSelection(plan, run, selection)),
  );
  moved.push(...found.flat());
  const subjects = subjectsOf(plan.resources, {
    registry: run.registry,
    targets: plan.targets,
    where: run.where,
  });
  const planned = new Map(plan.resources.map(resource => [resource.address, resource]));
  const touched = subjects.filter(({ address }) => {
    const { action, select, lookAgain } = planned.get(address)!;
    return (action !== 'none' || lookAgain) && select === undefined;
  });
  await loadSources(run, touched);
  await observe(run, touched);
  moved.push(...touched.flatMap(subject => movedResource(plan, run, subject, planned.get(subject.address)!)));
  if (moved.length > 0) throw new Failure(moved);
}

function movedTypes(plan: Plan, run: Run): Diagnostic[] {
  return Object.entries(plan.types).flatMap(([name, version]) => {
    const type = run.registry.types.get(name);
    const now = type?.version;
    if (now === version && type?.origin?.digest !== plan.type_files?.[name]) {
      const changed = `the type \`${name}\`${fileOf(type!)} has changed since the plan was made`;
      return [blocked('type-moved', changed, again)];
    }
    if (now === version) return [];
    const text = `the plan was made with version ${version} of the type \`${name}\`; this converge has ${now ?? 'none'}`;
    return [blocked('type-moved', text, again)];
  });
}

/** Who was added to a selection or left it; who only changed its name is named as well. */
async function movedSelection(plan: Plan, run: Run, selection: SelectionMade): Promise<Diagnostic[]> {
  const { address, at, members } = selection;
  const details = { address, at, ...again };
  const { found } = await askWorld(run, { ...selection, places: new Map() }, plan.targets);
  const word = ({ id, title }: { id: string; title: string }) => `${id} ${title}`;
  const [then, now] = [new Set(members.map(word)), new Set(found.members.map(word))];
  const joined = found.members.filter(one => !then.has(word(one))).map(({ title }) => title);
  const left = members.filter(one => !now.has(word(one))).map(({ title }) => title);
  const say = (titles: string[], what: string) =>
    titles.length === 0 ? [] : [`${titles.sort(byText).join(', ')} ${what}`];
  const text = [...say(joined, 'joined'), ...say(left, 'left')].join('; ');
  if (text === '') return [];
  return [
    blocked(
      'stale-plan',
      `what \`${address}\` selects has changed since the plan was made: ${text}`,
      details,
    ),
  ];
}

function movedResource(plan: Plan, run: Run, subject: Subject, planned: PlannedResource): Diagnostic[] {
  const { address } = subject;
  const details = { address, at: planned.at, ...again };
  if (relativeTo(run.where.cwd, subject.id) !== planned.id) {
    return [
      blocked('stale-plan', `\`${address}\` is ${subject.id} here; the plan is about ${planned.id}`, details),
    ];
  }
  if (sourceDigest(run, subject) !== plan.sources[address]) {
    return [
      blocked(
        'stale-plan',
        `the content source of \`${address}\` has changed since the plan was made`,
        details,
      ),
    ];
  }
  if (planned.action === 'failed') return [];
  const observation = run.observed.get(address)!;
  if (observation.state === 'failed') return [observation.diagnostic];
  if (observation.object !== planned.object) {
    const was = planned.object === undefined ? '' : `, and was ${planned.object}`;
    const text = `\`${address}\` is another object than when the plan was made: it is ${observation.object ?? 'not there'} now${was}`;
    return [blocked('stale-plan', text, details)];
  }
  if (fingerprint(observation) === planned.fingerprint) return [];
  return [blocked('stale-plan', `\`${address}\` has changed since the plan was made`, details)];
}
