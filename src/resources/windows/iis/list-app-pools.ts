import type { ReadIo } from '../../../engine/model/io.ts';
import type { ListQuery } from '../../../engine/model/resource-type.ts';
import type { XmlElement } from '../../../io/xml.ts';
import { durationOfSpan } from '../../../windows/iis/timespan.ts';
import { writtenSettings } from '../../../windows/iis/written-settings.ts';
import { chosen, type Declaration, type Unsaid } from '../../shared/list-declarations.ts';
import { declared, setOf, sorted, states, writtenPools } from './list-iis-objects.ts';

const restart = 'recycling.periodicRestart';
const properties: Readonly<Record<string, string>> = {
  managedRuntimeVersion: 'managed_runtime_version',
  managedPipelineMode: 'managed_pipeline_mode',
  enable32BitAppOnWin64: 'enable_32_bit',
  autoStart: 'auto_start',
  startMode: 'start_mode',
  'processModel.identityType': 'identity_type',
  'processModel.userName': 'user_name',
  'processModel.idleTimeout': 'idle_timeout',
  queueLength: 'queue_length',
  [`${restart}.time`]: 'time',
  [`${restart}.privateMemory`]: 'private_memory',
  [`${restart}.requests`]: 'requests',
};

/** Pools with what was set of them; what they have from the defaults stays the defaults' business. */
export async function* listPools(query: ListQuery<unknown>, io: ReadIo) {
  const pools = await writtenPools(io);
  const running = pools.length > 0 ? await states(io, 'apppool') : new Map<string, string>();
  yield* chosen(
    pools.flatMap(pool => declarationOf(pool, running)),
    query,
    'application pool',
  );
}

function declarationOf(pool: XmlElement, running: ReadonlyMap<string, string>): (Declaration | Unsaid)[] {
  const settings = writtenSettings(pool);
  const { own, set } = sorted(settings, properties);
  const { name, ...others } = set;
  const { time, private_memory, requests, idle_timeout, user_name, ...rest } = own;
  const times = (settings.rows[`${restart}.schedule`] ?? []).map(({ value }) => String(value));
  const periodic = {
    ...(time !== undefined && { time: durationOfSpan(String(time)) }),
    ...(private_memory !== undefined && { private_memory }),
    ...(requests !== undefined && { requests }),
    ...(times.length > 0 && { schedule: times }),
  };
  const title = String(name);
  const state = running.get(title.toLowerCase());
  return declared(
    title,
    {
      ...rest,
      // What was left of an account that isn't meant any more says nothing.
      ...(user_name !== undefined &&
        rest.identity_type === 'SpecificUser' && { user_name: String(user_name) }),
      ...(idle_timeout !== undefined && { idle_timeout: durationOfSpan(String(idle_timeout)) }),
      ...(Object.keys(periodic).length > 0 && { periodic_restart: periodic }),
      ...(state !== undefined && { state }),
      ...setOf(others),
    },
    settings,
    [`${restart}.schedule`],
  );
}
