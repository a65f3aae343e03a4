/** Writes schemas/, which editors and readers of plans use. Committed; a test fails when they are stale. */
import { mkdir, writeFile } from 'node:fs/promises';
import { editorSchema } from '../src/app/session/editor-schema.ts';
import { planSchema } from '../src/engine/plan/plan-schema.ts';
import { nodeHost } from '../src/io/node.ts';
import { moduleSchema } from '../src/manifest/language-schema.ts';
import { registry } from '../src/resources/registry.ts';

const schemas = new URL('../schemas/', import.meta.url);
await mkdir(schemas, { recursive: true });
const write = (name: string, schema: object) =>
  writeFile(new URL(name, schemas), `${JSON.stringify(schema, null, 2)}\n`);
await write('manifest.schema.json', await editorSchema(registry, [], nodeHost()));
await write('module.schema.json', moduleSchema);
await write('plan.schema.json', planSchema);
