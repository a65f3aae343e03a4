import { textOf, toXml } from '../host/effective.ts';
import type { Server } from '../host/host.ts';
import { attributePlace } from '../objects/select.ts';
import { same } from '../schema/model.ts';
import type { Arguments } from '../text/args.ts';
import { type Result, type Row, show } from '../text/output.ts';
import { element, insertChild, type XmlElement } from '../text/xml.ts';
import { type Place, placeText } from './config-path.ts';
import { lockAt, sectionAt, sectionNamed, sectionNames } from './section.ts';

/** `list config PLACE [/section:NAME]`: without a name all sections, with `?` their names alone. */
export async function listConfig(server: Server, place: Place, args: Arguments): Promise<Result> {
  const asked = args.parameters.get('section');
  if (asked === '?') return { exitCode: 0, lines: await sectionNames(server) };
  const names = asked === undefined ? await sectionNames(server) : [await sectionNamed(server, asked)];
  const rows: Row[] = [];
  for (const name of names) rows.push(await row(server, name, place));
  return show(rows, { config: 'set', ...args.output });
}

async function row(server: Server, section: string, place: Place): Promise<Row> {
  const item = await sectionAt(server, section, place);
  const { overrideMode, locked } = await lockAt(server, section, place);
  const facts: Row['facts'] = [
    ['CONFIG.SECTION', section],
    ['path', placeText(place)],
    ['overrideMode', overrideMode],
    ['locked', String(locked)],
  ];
  return {
    kind: 'CONFIG',
    id: section,
    facts,
    summary: '',
    config: (all, alone) =>
      alone
        ? nested(section.split('/').slice(0, -1), depth =>
            toXml(item, all, depth, section.replace(/^.*\//, '')),
          )
        : toXml(item, all, 0, section.replace(/\//g, '-')),
    property: name => {
      const fact = facts.find(([each]) => same(each, name));
      if (fact) return fact[1];
      const found = attributePlace(item, name);
      return found && textOf(found.item, found.schema);
    },
  };
}

/** Alone a section is in its groups; inside of `/xml` its name has `-` for `/`. */
function nested(groups: string[], make: (depth: number) => XmlElement, depth = 0): XmlElement {
  const [name, ...rest] = groups;
  if (name === undefined) return make(depth);
  const outer = element(name);
  insertChild(outer, nested(rest, make, depth + 1), depth + 1);
  return outer;
}
