import { comparable, effective, read, textOf } from '../host/effective.ts';
import { hostConfig, type Server, sites } from '../host/host.ts';
import { attributePlace } from '../objects/select.ts';
import { same } from '../schema/model.ts';
import { SECTIONS } from '../schema/sections.ts';
import { type Arguments, operationsBut } from '../text/args.ts';
import { type Result, show } from '../text/output.ts';
import { childElements, element, type XmlFile } from '../text/xml.ts';
import { type Place, placeText } from './config-path.ts';
import { found, pathOf } from './locations.ts';
import { sectionNamed, sectionNames, webConfig } from './section.ts';

/** `search config`: the places at or below one where a section, an attribute or a value is set. */
export async function searchConfig(server: Server, below: Place, args: Arguments): Promise<Result> {
  const asked = args.parameters.get('section');
  const names = asked === undefined ? await sectionNames(server) : [await sectionNamed(server, asked)];
  const [wanted] = operationsBut(args, ['section']);
  const hits = new Set<string>();
  for (const { place, file, relative } of await allPlaces(server)) {
    if (!below.every((part, at) => same(part, place[at] ?? ''))) continue;
    const sets = names.some(name => {
      const xml = found(file.root, name, relative);
      if (!xml || !wanted) return xml !== undefined;
      const item = effective(SECTIONS.get(name)!, [{ xml, origin: 'local', file: '' }]);
      const at = attributePlace(item, wanted.given);
      if (!at?.item.values.has(at.schema.name)) return false;
      return (
        wanted.value === undefined ||
        comparable(at.schema, textOf(at.item, at.schema)) === comparable(at.schema, wanted.value)
      );
    });
    if (sets) hits.add(placeText(place));
  }
  const rows = [...hits].map(id => ({
    kind: 'CONFIGSEARCH',
    id,
    facts: [['CONFIGSEARCH.NAME', id] as [string, string]],
    summary: '',
    config: () => element('config'),
    property: () => undefined,
  }));
  return show(rows, { xml: args.output.xml });
}

interface Somewhere {
  place: Place;
  file: XmlFile;
  relative: string;
}

async function allPlaces(server: Server): Promise<Somewhere[]> {
  const host = await hostConfig(server);
  const all = inFile([], host);
  const places = (await sites(server)).flatMap(site =>
    site.entries.flatMap(app =>
      app.entries.map(vdir => [
        read(site, 'name'),
        ...[read(app, 'path'), read(vdir, 'path')].flatMap(each => each.split('/')).filter(Boolean),
      ]),
    ),
  );
  for (const place of places) {
    const path = await webConfig(server, place);
    const file = path === undefined ? undefined : await server.store.read(path);
    if (file) all.push(...inFile(place, file));
  }
  return all;
}

function inFile(place: Place, file: XmlFile): Somewhere[] {
  const tags = childElements(file.root).filter(each => each.name === 'location');
  const paths = new Set(['', ...tags.map(pathOf)]);
  return [...paths].map(relative => ({
    place: [...place, ...relative.split('/').filter(Boolean)],
    file,
    relative,
  }));
}
