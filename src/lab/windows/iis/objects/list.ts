import { textOf, toXml } from '../host/effective.ts';
import type { Server } from '../host/host.ts';
import { same } from '../schema/model.ts';
import type { Arguments } from '../text/args.ts';
import { type Result, type Row, show } from '../text/output.ts';
import type { Found, KindName } from './kinds.ts';
import { attributePlace, select, type Wanted } from './select.ts';

/** `list site|app|vdir|apppool`, once for each of the wanted. */
export async function list(
  server: Server,
  kind: KindName,
  wanted: Wanted[],
  { output }: Arguments,
): Promise<Result> {
  const rows: Row[] = [];
  for (const each of wanted) rows.push(...(await select(server, kind, each)).map(row));
  return show(rows, output);
}

const row = (found: Found): Row => ({
  kind: found.kind,
  id: found.id,
  facts: found.facts,
  summary: found.summary,
  config: all => toXml(found.item, all),
  property: name => {
    const fact = found.facts.find(([each]) => same(each, name));
    if (fact) return fact[1];
    const place = attributePlace(found.item, name);
    return place && textOf(place.item, place.schema);
  },
});
