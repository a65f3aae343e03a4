import { isKeptInLab } from '../../alerts/lab-receivers.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { Delivery } from '../../operation/alerts/model.ts';
import { messageOf } from '../../operation/alerts/words.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { type Route, routesIn } from './routes.ts';
import { tell } from './tell.ts';

/**
 * Sends what a route would get: an alert of a VM that isn't there, and its end. Undefined when the manifests
 * have mistakes, which were told.
 *
 * @throws Failure `no-such-route`, and what `tell` throws
 */
export async function testRoute(
  context: Context,
  name: string,
  paths: string[],
  options: CommonOptions,
): Promise<{ sent: number } | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const route = routeNamed(routesIn(catalog), name);
  const session = await openSession(context, options, {
    targets: catalog.targets,
    platform: catalog.platform,
  });
  try {
    const { clock, random } = session.world.host;
    const now = clock.now();
    const alert: Delivery['alert'] = {
      key: `converge-test-${random.bytes(8).toString('hex')}`,
      rule: 'breached',
      severity: 'critical',
      subjects: ['a test'],
      text: 'this is a test of the route, nothing is wrong',
      since: now,
      told: {},
      claims: {},
    };
    const deliveries: Delivery[] = [
      { route: name, kind: 'opened', alert },
      { route: name, kind: 'recovered', alert: { ...alert, ended: now } },
    ];
    const wanted = route.properties.heartbeat ? deliveries.slice(0, 1) : deliveries;
    let sent = 0;
    for (const delivery of wanted) {
      const said = { delivery, message: messageOf(delivery, now), now };
      const partly = await tell(session, route, said, context.io.interrupt);
      if (partly.length > 0 && partly.every(isKeptInLab)) {
        context.reporter.diagnostics(partly);
        break;
      }
      if (partly.length > 0) throw new Failure(partly.map(one => ({ ...one, severity: 'error' as const })));
      sent += 1;
    }
    return { sent };
  } finally {
    await session.close();
  }
}

function routeNamed(routes: readonly Route[], name: string): Route {
  const found = routes.find(({ title }) => title === name);
  if (found) return found;
  const hint =
    suggest(
      name,
      routes.map(({ title }) => title),
    ) ?? 'the manifests declare no alert_route';
  throw new Failure(given('no-such-route', `no alert_route is called ${name}`, { hint }));
}
