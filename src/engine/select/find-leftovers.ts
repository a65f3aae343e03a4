import { type Diagnostic, Failure, isDiagnostic } from '../../diagnostics/diagnostic.ts';
import { within } from '../call/call-in-time.ts';
import { type Handed, leakOf } from '../call/leaks.ts';
import { readIo } from '../call/make-io.ts';
import type { Catalog, CatalogResource, CatalogTarget, Json, Metaparameters } from '../model/catalog.ts';
import type { AnyResourceType, Leftover } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { type Subject, subjectsOf } from '../model/subject.ts';
import { typeBug } from '../model/type-bug.ts';
import { isJsonObject, messageOf } from '../observe/observe.ts';
import type { Selection } from './select.ts';

export interface FoundLeftovers {
  /** One for each, as if it were declared. */
  resources: CatalogResource[];
  /** What was searched for: selectors may name it, whether something was found or not. */
  searched: CatalogResource[];
  /** Warnings. A target that can't be searched keeps nothing declared from being done. */
  diagnostics: Diagnostic[];
}

/**
 * Asks the types that can find what earlier runs left, on every declared target of theirs. `resources`: all
 * that is declared, selections expanded. Where `only` can mean none of it, nothing is asked.
 */
export async function findLeftovers(
  { targets }: Pick<Catalog, 'targets'>,
  resources: readonly CatalogResource[],
  run: Run,
  selection: Selection,
): Promise<FoundLeftovers> {
  const result: FoundLeftovers = { resources: [], searched: [], diagnostics: [] };
  const taken = new Set(resources.map(({ address }) => address));
  for (const type of run.registry.types.values()) {
    const { runs, leftovers } = type;
    if (!leftovers || runs.on === 'host' || !mayMean(type, selection)) continue;
    const places = targets.filter(target => target.type === runs.target);
    if (places.length === 0) continue;
    const types = new Set([...leftovers.of, type.name]);
    const subjects = subjectsOf(
      resources.filter(one => types.has(one.type) && one.select === undefined),
      { registry: run.registry, targets, where: run.where },
    );
    for (const target of places) {
      const own = subjects.filter(one => one.target?.name === target.name);
      const { found, warnings } = await ask(run, type, target, own);
      const at = { at: target.at };
      result.diagnostics.push(...run.redactor.value(warnings.map(one => ({ ...at, ...one }))));
      const meta: Metaparameters = { ...plain, ...(places.length > 1 && { target: target.name }) };
      const resource = (title: string, properties: { [key: string]: Json }): CatalogResource => ({
        ...{ address: `${type.name}:${title}`, type: type.name, title, properties, meta },
        ...{ at: target.at, places: new Map() },
      });
      result.searched.push(resource('*', {}));
      for (const { title, id, properties } of found) {
        const made = resource(taken.has(`${type.name}:${title}`) ? id : title, properties);
        taken.add(made.address);
        result.resources.push(made);
      }
    }
  }
  return result;
}

const plain: Metaparameters = {
  ...{ ensure: 'present', noop: false, labels: [] },
  ...{ require: [], before: [], notify: [], subscribe: [] },
};

const mayMean = ({ name }: AnyResourceType, { only = [] }: Selection): boolean =>
  only.length === 0 ||
  only.some(selector => selector === name || selector.startsWith(`${name}:`) || /[*?]/.test(selector));

type Answer = { found: Leftover<{ [key: string]: Json }>[]; warnings: Diagnostic[] };

async function ask(
  run: Run,
  type: AnyResourceType,
  target: CatalogTarget,
  declared: readonly Subject[],
): Promise<Answer> {
  const handed: Handed = new Map();
  const what = `what is left on \`${target.name}\``;
  try {
    const { value } = await within(run, { kind: 'observe', type, what }, signal =>
      type.leftovers!.find(
        declared.map(({ asked }) => asked),
        readIo(run, { type, target }, signal, handed),
      ),
    );
    const leak = leakOf(value, handed, type, what);
    if (leak) throw new Failure(leak);
    const wrong = mistakeOf(value);
    if (wrong !== undefined) throw new TypeError(wrong);
    return value;
  } catch (error) {
    run.signal.throwIfAborted();
    const said = error instanceof Failure ? error.diagnostics : [typeBug(type, messageOf(error), error)];
    return { found: [], warnings: said.map(one => ({ ...one, severity: 'warning' as const })) };
  }
}

/** A type without a compiler behind it may answer anything. */
function mistakeOf({ found, warnings }: Partial<Answer> = {}): string | undefined {
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const isFound = (one: Partial<Answer['found'][number]> | undefined) =>
    isText(one?.title) && isText(one?.id) && isJsonObject(one?.properties);
  if (!Array.isArray(found) || !found.every(isFound))
    return 'its search for leftovers must answer with `found`, each with `title`, `id` and `properties`';
  if (!Array.isArray(warnings) || !warnings.every(isDiagnostic))
    return 'its search for leftovers must answer with `warnings`, which are diagnostics';
  return undefined;
}
