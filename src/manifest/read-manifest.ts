import { isMap, isScalar, type Node } from 'yaml';
import { type Diagnostic, given } from '../diagnostics/diagnostic.ts';
import { suggest } from '../diagnostics/nearest.ts';
import type { Registry } from '../engine/resource-type.ts';
import type { Declarations } from './declared.ts';
import { readPolicy } from './read-policy.ts';
import { readResources } from './read-resources.ts';
import { readTargets } from './read-targets.ts';
import { checkRequires } from './requires.ts';
import { coreValue, found, quoted } from './scalar.ts';
import { keyText, place, placeOf, type SourceFile } from './source-file.ts';

/** The version of the manifest language that this converge reads. */
export const languageVersion = 1;

const topKeys = ['converge', 'requires', 'targets', 'policy', 'resources'];
const laterKeys = ['params', 'data'];

/** Reads one parsed manifest into `into`. The language version is checked before anything else. */
export async function readManifest(
  file: SourceFile,
  registry: Registry,
  platform: NodeJS.Platform,
  into: Declarations,
  report: (diagnostic: Diagnostic) => void,
): Promise<void> {
  if (!isMap(file.root)) return;
  const top = new Map<string, { key: Node; value: Node | null }>();
  for (const { key, value } of file.root.items as { key: Node; value: Node | null }[]) {
    const name = keyText(file, key) ?? '';
    if (!top.has(name)) top.set(name, { key, value });
  }
  const wrongVersion = checkLanguage(file, top.get('converge'));
  if (wrongVersion) {
    into.incomplete = true;
    return report(wrongVersion);
  }
  for (const [name, { key }] of top) {
    if (topKeys.includes(name)) continue;
    const at = placeOf(file, key);
    if (laterKeys.includes(name)) {
      const message = `\`${name}\` is reserved and not supported by this version of converge`;
      report(given('not-supported', message, { at, hint: 'remove it' }));
      continue;
    }
    into.incomplete = true;
    const hint = registry.types.has(name) ? `put it below \`resources:\`` : suggest(name, topKeys);
    report(given('unknown-key', `a manifest has no key ${quoted(name)}`, { at, ...(hint ? { hint } : {}) }));
  }
  const requires = top.get('requires')?.value;
  if (requires) checkRequires(file, requires, platform, report);
  const policy = top.get('policy')?.value;
  if (policy) readPolicy(file, policy, into, report);
  await readTargets(file, top.get('targets')?.value ?? null, registry, into, report);
  await readResources(file, top.get('resources')?.value ?? null, registry, into, report);
}

function checkLanguage(
  file: SourceFile,
  entry: { key: Node; value: Node | null } | undefined,
): Diagnostic | undefined {
  const hint = `write \`converge: ${languageVersion}\``;
  if (!entry) {
    const at = place(file, file.root.range?.[0] ?? 0, file.root.range?.[0] ?? 0);
    return given('no-version', `the manifest does not say its language version`, {
      at,
      hint: `start it with \`converge: ${languageVersion}\``,
    });
  }
  const { key, value: node } = entry;
  const at = placeOf(file, node ?? key);
  const plain = isScalar(node) && node.type === 'PLAIN';
  const value = plain ? coreValue(String(node.value)) : undefined;
  if (value === languageVersion) return undefined;
  if (typeof value === 'number' && value > languageVersion)
    return given(
      'newer-language',
      `this manifest is written in language version ${value}, and this converge reads version ${languageVersion}`,
      { at, hint: `install a converge that reads language version ${value}` },
    );
  const what =
    value !== undefined ? found(value) : isScalar(node) ? found(String(node.value)) : 'something else';
  return given('wrong-version', `\`converge\`: expected the number ${languageVersion}, found ${what}`, {
    at,
    hint,
  });
}
