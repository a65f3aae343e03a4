import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import type { Expressions } from '../expressions/expressions.ts';
import type { Modules } from '../modules/module.ts';
import type { Declarations } from '../scope/declared.ts';
import type { Scope } from '../scope/scope.ts';
import type { DataLayer } from '../sections/data-layers.ts';

/** What reading the resources of a manifest or a module needs. */
export interface Context {
  registry: Registry;
  /** Names of types that could not be loaded. */
  unusable: ReadonlySet<string>;
  modules: Modules;
  expressions: Expressions;
  into: Declarations;
  report(diagnostic: Diagnostic): void;
  /** Without the data of a module. */
  dataLayers: readonly DataLayer[];
  scope: Scope;
  /** Names of the modules that this is inside of, outermost first. */
  chain: readonly string[];
  /** Shared by all: how many resources loops and modules have made. */
  made: { count: number };
}
