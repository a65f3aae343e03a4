import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { Asked, Id, Observation } from '../../../engine/model/resource-type.ts';
import type { XmlElement } from '../../../io/xml.ts';
import { type IisObject, isIisInstalled, listObjects } from '../../../windows/iis/appcmd.ts';
import { iisModule } from '../../../windows/tools/powershell.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesFiles } from '../../shared/realms.ts';

/** Every type of IIS needs what brings IIS; an edge only where a resource declares that. */
export const needsIis = { anyOf: ['iis'] };

/** The feature whose PowerShell module sets a password. */
export const needsModule = { anyOf: [`feature:${iisModule.toLowerCase()}`] };

/** What is said of all that is of IIS while there is no appcmd.exe. */
export const withoutIis = {
  state: 'unknown',
  waitsFor: 'iis',
  hint: 'IIS brings it: declare `windows_feature: { IIS-WebServer: {} }`',
} as const;

/** One writer at a time: appcmd rewrites the whole file, and `add site` also makes an app and a vdir. */
export const iisRealm = {
  name: 'iis',
  concurrency: 1,
  // Its configuration is files, and a site's certificate is http.sys'.
  alsoDirties: [...writesFiles('iis'), 'certificates'],
};

/**
 * Observes all resources of one kind with one process.
 * @param read makes the canonical form of one element of the listing
 */
export async function observeObjects<P, C>(
  asked: Asked<P>[],
  io: ReadIo,
  kind: IisObject,
  read: (one: Asked<P>, element: XmlElement) => C,
): Promise<Map<Id, Observation<C>>> {
  if (!(await isIisInstalled(io))) return new Map(asked.map(({ id }) => [id, withoutIis]));
  const name = `${kind.toUpperCase()}.NAME`;
  try {
    const elements = new Map(
      (await listObjects(io, kind)).map(element => [element.attributes.get(name)?.toLowerCase(), element]),
    );
    return new Map(
      asked.map(one => {
        const element = elements.get(one.id);
        return [one.id, element ? { state: 'present', value: read(one, element) } : { state: 'absent' }];
      }),
    );
  } catch (error) {
    io.signal.throwIfAborted();
    const diagnostic = oneDiagnostic(error);
    return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
  }
}

/** The element of the configuration inside a listed object, which has its kind's name around it. */
export const configurationOf = (element: XmlElement): XmlElement => element.children[0] ?? element;

/** A name that IIS takes: the characters of its schema, and at most `longest` of them. */
export function checkName(name: string, what: string, banned: RegExp, longest = 64): void {
  const wrong = banned.exec(name)?.[0];
  if (name !== '' && name.length <= longest && wrong === undefined) return;
  const why =
    wrong === undefined ? `has ${name.length} characters, and 1 to ${longest} are allowed` : `holds ${wrong}`;
  throw new Failure(
    given('wrong-name', `the name of ${what} \`${name}\` ${why}`, { hint: 'give it a name that IIS takes' }),
  );
}

/**
 * Resources whose declared pool isn't there can't be judged yet: IIS takes any name, and the site answers
 * 503. What brings the pool may be pending; otherwise the plan says that nothing does.
 */
export async function withPool<P, C>(
  asked: Asked<P>[],
  io: ReadIo,
  poolOf: (properties: P) => string | undefined,
  observe: () => Promise<Map<Id, Observation<C>>>,
): Promise<Map<Id, Observation<C>>> {
  const seen = await observe();
  const declared = asked.filter(({ properties }) => poolOf(properties) !== undefined);
  if (declared.length === 0 || !(await isIisInstalled(io))) return seen;
  const pools = new Set(
    (await listObjects(io, 'apppool')).map(pool => pool.attributes.get('APPPOOL.NAME')?.toLowerCase()),
  );
  for (const { id, properties } of declared) {
    const pool = poolOf(properties)!.toLowerCase();
    const isJudged = seen.get(id)?.state === 'present' || seen.get(id)?.state === 'absent';
    const hint = 'declare the `iis_app_pool`, or correct its name';
    if (isJudged && !pools.has(pool)) seen.set(id, { state: 'unknown', waitsFor: `app_pool:${pool}`, hint });
  }
  return seen;
}
