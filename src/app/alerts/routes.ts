import type { Catalog } from '../../engine/model/catalog.ts';
import { closedUntil } from '../../engine/model/window.ts';
import { parseDuration } from '../../io/duration.ts';
import type { RoutePolicy } from '../../operation/alerts/model.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import type { AlertRouteProperties } from '../../resources/alerts/alert-route-schema.ts';
import { repositoryRef } from '../../resources/shared/repository-property.ts';
import { nextRun } from '../../schedule/cron.ts';

/** An `alert_route` as the manifests declare it. */
export interface Route {
  title: string;
  properties: AlertRouteProperties;
  /** Where it is kept what the route was told. */
  ref: RepositoryRef;
}

export const routesIn = ({ resources }: Catalog): Route[] =>
  resources
    .filter(({ type, meta }) => type === 'alert_route' && meta.ensure !== 'absent')
    .map(({ title, properties: written }) => {
      const properties = written as unknown as AlertRouteProperties;
      return { title, properties, ref: repositoryRef(properties.repository) };
    });

export function policyOf({ title, properties }: Route): RoutePolicy {
  const { severity = 'warning', remind, quiet, digest } = properties;
  const every = remind === undefined ? undefined : parseDuration(remind);
  return {
    route: title,
    severity,
    ...(every !== undefined && { remind: every }),
    isQuiet: now => quiet !== undefined && closedUntil(quiet, now) === undefined,
    ...(digest && {
      digestAfter(last) {
        const [hour = 0, minute = 0] = digest.at.split(':').map(Number);
        return nextRun(`${minute} ${hour} * * *`, digest.timezone ?? 'UTC', last) ?? Number.POSITIVE_INFINITY;
      },
    }),
  };
}
