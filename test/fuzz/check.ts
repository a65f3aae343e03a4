import { hostFacts } from '../../src/app/aws/host-facts.ts';
import { type Diagnostic, Failure, type SourceRange, world } from '../../src/diagnostics/diagnostic.ts';
import { textOf } from '../../src/diagnostics/lines.ts';
import { renderDiagnostics } from '../../src/diagnostics/render.ts';
import { buildGraph } from '../../src/engine/graph/graph.ts';
import { canonicalJson } from '../../src/engine/model/canonical.ts';
import type { Catalog } from '../../src/engine/model/catalog.ts';
import { subjectsOf } from '../../src/engine/model/subject.ts';
import { compile } from '../../src/manifest/compile.ts';
import { registry } from '../../src/resources/registry.ts';
import { memoryFiles } from '../manifest/fixture.ts';
import { planted } from './corpus.ts';

const platform = 'linux';

const noInstance = async () => {
  throw world('not-on-ec2', 'no instance answers');
};
const nowhere = { identity: noInstance, tags: noInstance, environment: noInstance };

/**
 * Compiles a project and joins it to a graph, as `validate` does. Throws when anything but a Failure comes
 * out, when a place is outside of its file, or when what is shown holds a planted secret.
 */
export async function check(project: Record<string, Buffer>): Promise<void> {
  const { catalog, diagnostics } = await compile(['m.yaml'], {
    registry,
    files: memoryFiles(project),
    cwd: '/here',
    platform,
    facts: hostFacts({ platform }, false, nowhere),
    env: { HOME: '/root', APP_PASSWORD: planted, GREETING: 'hello' },
    settings: ['size=4'],
  });
  const isBroken = diagnostics.some(({ severity }) => severity === 'error');
  const all = isBroken ? diagnostics : [...diagnostics, ...mistakesOfGraph(catalog)];
  for (const { at, related = [] } of all)
    for (const place of [at, ...related.map(other => other.at)])
      if (place && !isInside(place, catalog.sources))
        throw new Error(`no such place: ${JSON.stringify(place)}`);
  const isNamed = Object.values(project).every(bytes => isNamedSecret(bytes.toString('utf8')));
  for (const width of [20, 100]) {
    const shown = textOf(renderDiagnostics(all, catalog.sources, { width }));
    if (isNamed && shown.includes(planted)) throw new Error(`a secret is shown:\n${shown}`);
    if (/[\p{Cc}\u2028\u202e]/u.test(shown.replaceAll('\n', '')))
      throw new Error(`a control character is shown:\n${JSON.stringify(shown)}`);
  }
  canonicalJson(catalog.resources.map(({ properties, meta }) => ({ properties, meta })));
}

function mistakesOfGraph({ resources, targets }: Catalog): Diagnostic[] {
  try {
    buildGraph(subjectsOf(resources, { registry, targets, where: { platform, cwd: '/here' } }));
    return [];
  } catch (error) {
    if (error instanceof Failure) return [...error.diagnostics];
    throw error;
  }
}

function isInside(place: SourceRange, sources: ReadonlyMap<string, string>): boolean {
  const text = sources.get(place.file);
  // A file that could not be read as text has a name and no lines.
  if (text === undefined) return place.line === 1 && place.column === 1;
  const lines = text.split('\n');
  const has = (line: number, column: number) =>
    line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1;
  return has(place.line, place.column) && has(place.endLine ?? place.line, place.endColumn ?? place.column);
}

/** Nobody can tell that a text is a secret when the name before it is gone. */
const isNamedSecret = (text: string): boolean =>
  text.split(planted).length - 1 === (text.match(named) ?? []).length;
const named = new RegExp(`\\b(api_key|TOKEN|password): "?${planted}`, 'g');
