import type { Json } from '../../../engine/model/catalog.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, Id, Mistake, Observation } from '../../../engine/model/resource-type.ts';
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
 * @param show what is shown of it beside its properties
 */
export async function observeObjects<P, C>(
  asked: Asked<P>[],
  io: ReadIo,
  kind: IisObject,
  read: (one: Asked<P>, element: XmlElement) => C,
  show?: (element: XmlElement) => Record<string, Json>,
): Promise<Map<Id, Observation<C>>> {
  if (!(await isIisInstalled(io))) return new Map(asked.map(({ id }) => [id, withoutIis]));
  const name = `${kind.toUpperCase()}.NAME`;
  try {
    const elements = new Map(
      (await listObjects(io, kind)).map(element => [element.attributes.get(name)?.toLowerCase(), element]),
    );
    return new Map(
      asked.map((one): [Id, Observation<C>] => {
        const element = elements.get(one.id);
        if (!element) return [one.id, { state: 'absent' }];
        const shows = show?.(element);
        return [one.id, { state: 'present', value: read(one, element), ...(shows && { shows }) }];
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

/** Why IIS doesn't take a name: the characters of its schema, and at most `longest` of them. */
export function nameMistakes(name: string, what: string, banned: RegExp, longest = 64): Mistake[] {
  const wrong = banned.exec(name)?.[0];
  if (name !== '' && name.length <= longest && wrong === undefined) return [];
  const why =
    wrong === undefined ? `has ${name.length} characters, and 1 to ${longest} are allowed` : `holds ${wrong}`;
  const message = `the name of ${what} \`${name}\` ${why}`;
  return [mistake('', 'wrong-name', message, 'give it a name that IIS takes')];
}
