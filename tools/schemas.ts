/** Writes schemas/, which editors use. Committed; a test fails when they are stale. */
import { mkdir, writeFile } from 'node:fs/promises';
import { manifestSchema } from '../src/manifest/schema.ts';
import { registry } from '../src/resources/registry.ts';

const schemas = new URL('../schemas/', import.meta.url);
await mkdir(schemas, { recursive: true });
await writeFile(
  new URL('manifest.schema.json', schemas),
  `${JSON.stringify(manifestSchema(registry), null, 2)}\n`,
);
