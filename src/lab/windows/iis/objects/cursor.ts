import { type Cursor, entry } from '../host/edit.ts';
import { effective } from '../host/effective.ts';
import { hostConfig, type Server, sectionElement } from '../host/host.ts';
import { HOST_CONFIG } from '../host/store.ts';
import { type POOLS, SECTIONS, type SITES } from '../schema/sections.ts';
import type { Step } from '../text/path.ts';

/** Opens pools or sites for one edit, at an entry of theirs. */
export async function open(
  server: Server,
  section: typeof POOLS | typeof SITES,
  steps: readonly Extract<Step, { pairs: unknown }>[] = [],
): Promise<Cursor> {
  const { root } = await hostConfig(server, true);
  const xml = sectionElement(root, section, true)!;
  const top: Cursor = {
    item: effective(SECTIONS.get(section)!, [{ xml, origin: 'local', file: HOST_CONFIG }]),
    depth: 2,
    local: () => xml,
  };
  return steps.reduce(entry, top);
}
