import type { CatalogTarget, Json } from '../../src/engine/model/catalog.ts';
import type { AnyResourceType } from '../../src/engine/model/resource-type.ts';
import type { World } from '../../src/engine/model/world.ts';

/** One declaration of the type, as a manifest would write it. */
export interface Sample {
  title: string;
  properties: Record<string, Json>;
}

/** A world in which nothing that the samples declare is there yet, but all that they need is. */
export interface ContractWorld {
  world: World;
  targets: CatalogTarget[];
  /** Different objects for different numbers; all properties that may stand together are declared. */
  sample(number: number): Sample;
  /**
   * By property name: what makes the applied `sample(0)` differ from its declaration in that property,
   * behind converge's back. The next plan must see it and the next apply repair it.
   */
  drift: Record<string, () => Promise<void>>;
  /**
   * A sample whose parent isn't there, so that applying it must fail with a Failure of the world; or why
   * there is none.
   */
  orphan: Sample | { none: string };
  /** A sample that uses a secret of the world, with the secret's text; or why no property takes one. */
  secret: (Sample & { text: string }) | { none: string };
  /** For a type that lists: what has to be said to find the samples, as `converge adopt` would be told. */
  common?: Record<string, Json>;
  /**
   * For a type that lists, and finds other declarations than those of `sample(0)` and `sample(1)`, or only by
   * name.
   */
  listing?: { made?: Sample[]; found?: Sample[]; onlyNamed?: true };
  /** Why there is only one object of this type, so that several are never declared together. */
  alone?: string;
  close(): Promise<void>;
}

/**
 * What `test/engine/contract/fixtures/TYPE.ts` exports as default: how the contract suite gets at a
 * world for the type. A registered type without this file fails the suite.
 */
export interface Fixture {
  type: AnyResourceType;
  /**
   * A declaration with mistakes that the schema can't say, and where the type has to find them; or why it
   * finds none.
   */
  wrong: (Sample & { at: string[]; platform?: NodeJS.Platform }) | { none: string };
  /** Properties of the schema that can't drift by themselves, each with the reason. */
  undriftable: Record<string, string>;
  start(): Promise<ContractWorld>;
}
