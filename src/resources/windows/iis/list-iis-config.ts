import type { ReadIo } from '../../../engine/model/io.ts';
import type { ListQuery } from '../../../engine/model/resource-type.ts';
import { plural } from '../../../io/units.ts';
import {
  readApplicationHost,
  sectionsIn,
  type WrittenSection,
} from '../../../windows/iis/application-host.ts';
import {
  hasMixedRows,
  isShippedRow,
  isShippedUnlocked,
  isShippedValue,
  shipsRows,
} from '../../../windows/iis/shipped-config.ts';
import { type WrittenSettings, writtenSettings } from '../../../windows/iis/written-settings.ts';
import { chosen, type Declaration, type Unsaid, unsaid } from '../../shared/list-declarations.ts';

/** Sections of which everything, or all but the defaults, belongs to a type of its own or to nobody. */
const others: Readonly<Record<string, readonly string[] | 'all'>> = {
  'system.applicationHost/applicationPools': ['add'],
  'system.applicationHost/sites': ['site'],
  'system.applicationHost/configHistory': 'all',
  'system.applicationHost/customMetadata': 'all',
  'system.applicationHost/listenerAdapters': 'all',
  'system.applicationHost/serviceAutoStartProviders': 'all',
};

/**
 * What people wrote into applicationHost.config, for the server and below its `<location>`s. A web.config
 * belongs to what was deployed with it, and isn't looked at.
 */
export async function* listConfig(query: ListQuery<unknown>, io: ReadIo) {
  const root = await readApplicationHost(io);
  yield* chosen(root ? declarationsOf(sectionsIn(root)) : [], query, 'section');
}

function declarationsOf(sections: readonly WrittenSection[]): (Declaration | Unsaid)[] {
  const found = Object.values(
    Object.groupBy(sections, ({ path, name }) => `${path}:${name}`.toLowerCase()),
  ).flatMap((same = []) => {
    const { path, name } = same[0]!;
    const out = others[name] ?? [];
    if (out === 'all') return [];
    const settings = merged(same.map(({ element }) => writtenSettings(element, out)));
    return [{ path, name, settings, unlocked: same.some(({ unlocked }) => unlocked) }];
  });
  const atServer = new Set(
    found.flatMap(({ path, name, settings }) =>
      path === '' && Object.keys(settings.rows).length > 0 ? [name] : [],
    ),
  );
  const crowded = found.filter(
    ({ path, name, settings }) => path === '' && hasMixedRows(name) && rowCount(settings),
  );
  return [
    ...found.flatMap(one =>
      declarationOf(one, shipsRows(one.name) || (one.path !== '' && atServer.has(one.name))),
    ),
    ...(crowded.length === 0
      ? []
      : [
          unsaid(
            crowded.map(({ name, settings }) => `${name} (${plural(rowCount(settings), 'row')})`).join(', '),
            "IIS's own rows can't be told from yours: declare yours with `mode: at_least`",
          ),
        ]),
  ];
}

const rowCount = ({ rows }: WrittenSettings): number => Object.values(rows).flat().length;

function merged(all: readonly WrittenSettings[]): WrittenSettings {
  const lists = (of: (settings: WrittenSettings) => string[]) => all.flatMap(of);
  const rows: WrittenSettings['rows'] = {};
  for (const one of all)
    for (const [collection, some] of Object.entries(one.rows))
      rows[collection] = [...(rows[collection] ?? []), ...some];
  return {
    attributes: Object.assign({}, ...all.map(({ attributes }) => attributes)),
    rows,
    cleared: lists(({ cleared }) => cleared),
    removed: lists(({ removed }) => removed),
    secrets: lists(({ secrets }) => secrets),
  };
}

interface Place {
  path: string;
  name: string;
  settings: WrittenSettings;
  unlocked: boolean;
}

/** @param inherits whether rows come from above or from IIS, so that those written here are not all */
function declarationOf(
  { path, name, settings, unlocked }: Place,
  inherits: boolean,
): (Declaration | Unsaid)[] {
  const attributes = Object.entries(settings.attributes).filter(
    ([attribute, value]) => path !== '' || !isShippedValue(name, attribute, value),
  );
  const rows = Object.entries(path === '' && hasMixedRows(name) ? {} : settings.rows).flatMap(
    ([collection, all]) => {
      const own = path === '' ? all.filter(row => !isShippedRow(name, collection, row)) : all;
      return own.length === 0 ? [] : [[collection, own] as const];
    },
  );
  const title = path === '' ? name : `${path}: ${name}`;
  const nested = rows.filter(([collection]) => collection.includes('.'));
  const items = rows.find(([collection]) => collection === '')?.[1];
  const collections = rows.filter(([collection]) => collection !== '' && !collection.includes('.'));
  const unlock = unlocked && !(path === '' && isShippedUnlocked(name));
  // What is below a <clear /> inherits nothing; IIS's own rows, which were left out, come after one as well.
  const isAll =
    !inherits || (path !== '' && rows.every(([collection]) => settings.cleared.includes(collection)));
  const said = {
    ...(path !== '' && { path, section: name }),
    ...(attributes.length > 0 && { attributes: Object.fromEntries(attributes) }),
    ...(items && { items }),
    ...(collections.length > 0 && { collections: Object.fromEntries(collections) }),
    ...((items || collections.length > 0) && !isAll && { mode: 'at_least' }),
    ...(unlock && { unlock }),
  };
  const isEmpty = attributes.length === 0 && !items && collections.length === 0 && !unlock;
  return [
    ...(isEmpty ? [] : [{ title, properties: said }]),
    ...nested.map(([collection]) => unsaid(`${title}: ${collection}`, 'it is too deep for `collections`')),
    ...(settings.removed.length === 0
      ? []
      : [
          unsaid(
            `${title}: ${settings.removed.join(', ')}`,
            'it is taken from what is inherited, which no property says',
          ),
        ]),
    ...(settings.secrets.length === 0
      ? []
      : [
          unsaid(
            `${title}: ${settings.secrets.join(', ')}`,
            "it is a secret, which can't be read: say it with \"${secret('env:NAME')}\"",
          ),
        ]),
  ];
}
