import { Failure } from '../../diagnostics/diagnostic.ts';
import type { Bundles } from '../../replication/model/clients.ts';
import type { BundleContent } from '../../replication/model/point-writer.ts';
import { sha256 } from '../../values/digest.ts';
import { type Bundle, checkBundle, encodeBundle } from './bundle.ts';
import { compileBundle, compilePlan, type Declared } from './compile-bundle.ts';
import { aboutPlan } from './says.ts';

/** What the manifests of a run declare. `part`: as much of it as a saved plan holds. */
export type DeclaredHere = Declared & { part?: true };

/** What a run keeps in the repository of what it was given. */
export const bundles = (declared: DeclaredHere | undefined): Bundles => ({
  of: vm => bundleToStore(declared, vm),
  ofPlan: title => planBundle(declared, title),
  digestOf: (stored, title) => {
    const says = saysOf(stored, title);
    return says && sha256(says);
  },
});

/** What they say about a plan, without where; undefined where they aren't known, or declare none. */
export const planSays = (declared: DeclaredHere | undefined, title: string): Buffer | undefined => {
  const bundle = planBundle(declared, title);
  return bundle && Buffer.from(aboutPlan(bundle, title));
};

const planBundle = (declared: DeclaredHere | undefined, title: string): Bundle | undefined =>
  declared && compilePlan(declared, title);

/** What a cycle stores; where the manifests aren't known as a whole, what was there stays. */
function bundleToStore(
  declared: DeclaredHere | undefined,
  vm: { name: string; uuid: string },
): BundleContent {
  if (!declared || declared.part) return 'as-before';
  const bundle = compileBundle(declared, vm);
  return bundle ? encodeBundle(bundle) : 'none';
}

function saysOf(stored: unknown, title: string): string | undefined {
  try {
    return aboutPlan(checkBundle(stored, title), title);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
