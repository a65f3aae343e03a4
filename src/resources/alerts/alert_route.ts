import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Json } from '../../engine/model/catalog.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Mistake, Observation, Step } from '../../engine/model/resource-type.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { eachStep } from '../shared/each-step.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import {
  openToChange,
  repositoryClaims,
  repositoryMistakes,
  repositoryNeeds,
  repositoryRef,
} from '../shared/repository-property.ts';
import { unlessDamaged } from '../shared/unless-damaged.ts';
import { type AlertRouteProperties, alertRouteSchema, TRANSPORTS } from './alert-route-schema.ts';

const details = [...TRANSPORTS, 'severity', 'remind', 'quiet', 'digest'] as const;

/** What is kept of a route; null: not declared. */
type Route = Record<(typeof details)[number], Json>;

const SERIES = 'route';
const subjectOf = (title: string): string => `alert route ${title}`;

export const alertRoute: BuiltInType<typeof alertRouteSchema, Route> = {
  name: 'alert_route',
  doc: `Who is told when something is wrong, and how: by mail, a webhook, a topic of SNS, the event log of
Windows, or a sign of life.

\`converge agent PATHS\` tells them; the route is kept in the repository, and so is what it was told, so that several
agents and one that is started anew tell everything once. \`converge alert test ROUTE\` tries it.`,
  version: 1,
  protects: true,
  schema: alertRouteSchema,
  runs: { on: 'host' },
  realm: { name: 'alerts', concurrency: 2 },
  identity: (_, title) => title,
  check: properties => [...repositoryMistakes(properties), ...wrongTransport(properties)],
  claims: ({ repository }, _, where) => repositoryClaims(repository, where),
  needs: ({ repository }) => repositoryNeeds(repository),
  desired: contentOf,
  async observe(asked, io) {
    const seen = await Promise.all(asked.map(async one => [one.id, await observeOne(one, io)] as const));
    return new Map(seen);
  },
  apply: (steps, io) => eachStep(steps, step => change(step, io)),
};

function contentOf(properties: AlertRouteProperties): Route {
  const written = properties as unknown as Partial<Record<string, Json>>;
  return Object.fromEntries(details.map(name => [name, written[name] ?? null])) as Route;
}

function wrongTransport(properties: AlertRouteProperties): Mistake[] {
  const { webhook, heartbeat, smtp } = properties;
  const given = TRANSPORTS.filter(name => properties[name] !== undefined);
  const wrong: Mistake[] = [];
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none is given' : `${given.join(' and ')} are given`;
    const way =
      'a route has one of `smtp`, `webhook`, `sns`, `event_log` and `heartbeat`; declare another route for the other';
    wrong.push(
      mistake(given[1] ? `/${given[1]}` : '', 'alert-transport', `a route tells in one way: ${found}`, way),
    );
  }
  for (const [pointer, url] of [
    ['/webhook/url', webhook?.url],
    ['/heartbeat/url', heartbeat?.url],
  ] as const)
    if (typeof url === 'string') wrong.push(...wrongUrl(pointer, url));
  if (webhook) {
    const isPagerduty = webhook.shape === 'pagerduty';
    if (isPagerduty && webhook.key === undefined)
      wrong.push(
        mistake(
          '/webhook',
          'alert-transport',
          '`pagerduty` needs its routing key',
          'write key: "${secret(\'env:NAME\')}"',
        ),
      );
    if (!isPagerduty && webhook.url === undefined)
      wrong.push(
        mistake(
          '/webhook',
          'alert-transport',
          `\`${webhook.shape}\` needs a \`url\``,
          'copy it from the receiver',
        ),
      );
    if (!isPagerduty && webhook.key !== undefined)
      wrong.push(
        mistake('/webhook/key', 'alert-transport', 'only `pagerduty` has a routing key', 'leave it out'),
      );
  }
  if (smtp && (smtp.username === undefined) !== (smtp.password === undefined))
    wrong.push(
      mistake('/smtp', 'alert-transport', '`username` and `password` go together', 'give both, or neither'),
    );
  return wrong;
}

/** What is wrong with a URL, as far as that shows without calling it. */
function wrongUrl(pointer: string, text: string): Mistake[] {
  const url = URL.parse(text);
  if (url?.username !== '' || url.password !== '')
    return [
      mistake(
        pointer,
        'alert-url',
        'an alert is sent to no such URL',
        'write https://HOST/PATH, without a password before the host',
      ),
    ];
  return isRetired(url) ? [mistake(pointer, 'alert-retired', ...retired)] : [];
}

/**
 * Connectors of Office 365, which Microsoft retires ("Retirement of Office 365 connectors within Microsoft
 * Teams"): the answer may be 200 though nobody sees anything.
 */
export const isRetired = ({ hostname, pathname }: URL): boolean =>
  hostname === 'webhook.office.com' ||
  hostname.endsWith('.webhook.office.com') ||
  (/^outlook\.office(365)?\.com$/.test(hostname) && pathname.startsWith('/webhook'));

export const retired = [
  'Microsoft retires the Office 365 connectors: nobody would see what is sent there',
  'in Teams add the workflow "Post to a channel when a webhook request is received", and give its URL with `shape: teams`',
] as const;

async function newestOf(repository: Repository | undefined, title: string) {
  const number = (await repository?.records.numbers(subjectOf(title), SERIES))?.at(-1) ?? 0;
  const value =
    number === 0
      ? undefined
      : await unlessDamaged(repository!.records.read(subjectOf(title), SERIES, number));
  return { number, value: value as { route: Route } | { removed: true } | undefined };
}

async function observeOne(
  { title, properties }: Asked<AlertRouteProperties>,
  io: ReadIo,
): Promise<Observation<Route>> {
  try {
    const repositories = await io.client('repositories');
    const repository = await repositories.open(repositoryRef(properties.repository), 'read');
    const { number, value } = await newestOf(repository, title);
    const revision = String(number);
    if (value === undefined || 'removed' in value) return { state: 'absent', revision };
    return { state: 'present', revision, value: value.route };
  } catch (error) {
    io.signal.throwIfAborted();
    return { state: 'failed', diagnostic: oneDiagnostic(error) };
  }
}

/** Each change is a version of its own, and follows on the one that was seen. */
async function change(
  { asked, kind, revision }: Step<AlertRouteProperties, Route>,
  io: WriteIo,
): Promise<void> {
  const { title, properties } = asked;
  const repository = await openToChange(properties.repository, kind, io);
  if (!repository) return;
  const value = kind === 'delete' ? { removed: true } : { version: 1, route: contentOf(properties) };
  await io.step('write-route');
  if (await repository.records.add(subjectOf(title), SERIES, Number(revision) + 1, value)) return;
  throw new Failure(
    world('changed-meanwhile', `somebody else changed the route ${title} at the same time`, {
      hint: 'run again: the new plan shows what differs now',
    }),
  );
}
