import type { ReadIo } from '../../../engine/model/io.ts';
import type { ListQuery } from '../../../engine/model/resource-type.ts';
import { isEnabled, readFeatures } from '../../../windows/software/dism.ts';
import { chosen } from '../../shared/list-declarations.ts';

/** Each feature that is enabled, or will be after the restart that is due. */
export async function* listFeatures(query: ListQuery<unknown>, io: ReadIo) {
  const enabled = [...(await readFeatures(io))].filter(([, state]) => isEnabled(state));
  yield* chosen(
    enabled.map(([title]) => ({ title, properties: {} })),
    query,
    'enabled feature',
  );
}
