import { same } from '../schema/model.ts';
import { read } from './effective.ts';
import { bindingsOf, type Server, sites } from './host.ts';

/** The site that answers a URL, and the path in it. Undefined when none has such a binding. */
export async function siteOfUrl(
  server: Server,
  url: string,
): Promise<{ site: string; path: string } | undefined> {
  const found = /^(https?):\/\/(\[[^\]]+\]|[^:/]*)(?::(\d+))?(\/.*)?$/i.exec(url);
  if (!found) return undefined;
  const [, protocol = '', host = '', port = same(protocol, 'https') ? '443' : '80', path = '/'] = found;
  const candidates = (await sites(server)).flatMap(site =>
    bindingsOf(site)
      .filter(each => same(each.protocol, protocol))
      .map(each => ({ site: read(site, 'name'), ...parts(each.information) }))
      .filter(each => each.port === port),
  );
  const hit = candidates.find(each => same(each.host, host)) ?? candidates.find(each => each.host === '');
  return hit && { site: hit.site, path };
}

function parts(information: string): { port: string; host: string } {
  const [, port = '', host = ''] = /:(\d+):([^:]*)$/.exec(information) ?? [];
  return { port, host };
}
