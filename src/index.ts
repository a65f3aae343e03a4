/** What a type of one's own is written against: types only, so that `import type` is all that it takes. */
export type { Diagnostic, SourceRange } from './diagnostics/diagnostic.ts';
export type { Json, SecretRef } from './engine/model/catalog.ts';
export type { Clients, Memory, Progress, ReadIo, ReadMemory, WriteIo } from './engine/model/io.ts';
export type {
  Asked,
  Capability,
  Claim,
  FieldChange,
  Id,
  Mistake,
  Need,
  Observation,
  Outcome,
  ResourceType,
  Step,
  Where,
} from './engine/model/resource-type.ts';
export type { WriteOptions } from './io/handles/write-atomic.ts';
export type {
  Clock,
  Command,
  CommandResult,
  FileHandle,
  FileStat,
  Files,
  Random,
  ReadFiles,
  ReadOptions,
} from './io/ports.ts';
