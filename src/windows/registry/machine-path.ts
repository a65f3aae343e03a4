import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { variablePath } from './machine-environment.ts';
import { readValues, writeValue } from './registry.ts';
import { placeOf } from './registry-data.ts';

/** `Path` among the machine's variables, as it is in the registry: with `%SystemRoot%` and the like. */
export interface MachinePath {
  kind: 'string' | 'expand';
  data: string;
}

const path = variablePath('Path');

/** Rejects with a Failure (world) when it can't be read. */
export async function readMachinePath(io: ReadIo): Promise<MachinePath> {
  const found = (await readValues(io, [path])).get(placeOf(path));
  if (found?.kind === 'string' || found?.kind === 'expand') return { kind: found.kind, data: found.data };
  throw new Failure(world('path-not-read', "the machine's Path can't be read from the registry"));
}

/** A running service sees it when it is started again. */
export const writeMachinePath = (value: MachinePath, io: WriteIo): Promise<void> =>
  writeValue(io, path, value);
