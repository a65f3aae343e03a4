import { eventOf } from '../../alerts/event-log.ts';
import { keptInLab, labAddresses } from '../../alerts/lab-receivers.ts';
import { sendMail } from '../../alerts/mail.ts';
import { post } from '../../alerts/post.ts';
import { bodyOf, PAGERDUTY, type Said } from '../../alerts/webhook-shapes.ts';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { SecretRef } from '../../engine/model/catalog.ts';
import { rejection, underEither } from '../../io/either.ts';
import type { Command } from '../../io/ports.ts';
import { isRetired, retired } from '../../resources/alerts/alert_route.ts';
import { writeEvent } from '../../windows/tools/event-log.ts';
import { awsTarget } from '../connect/repositories.ts';
import type { Session } from '../session/open-session.ts';
import type { Route } from './routes.ts';

/** ms for one message, whatever a server does in between: longer than a single call of any transport. */
const longest = 20_000;

/**
 * Tells a route something, in its form. Secrets are read for this call alone. Gives back, as a warning, that
 * some of several recipients could not be told, or that a lab tells nobody there.
 *
 * @throws Failure `alert-undelivered`, `alert-address`, `alert-url`, `alert-retired`, and what reading a
 *   secret throws
 */
export async function tell(
  session: Session,
  { title, properties }: Pick<Route, 'title' | 'properties'>,
  said: Said,
  signal: AbortSignal,
): Promise<Diagnostic[]> {
  // Of several routes one doesn't work, and no URL may be named.
  const named = (all: readonly Diagnostic[]) =>
    all.map(one => ({ ...one, message: `alert_route:${title}: ${one.message}` }));
  const late = AbortSignal.timeout(longest);
  try {
    return named(
      await underEither([signal, late], either =>
        Promise.race([send(session, properties, said, either), rejection(either)]),
      ),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted)
      throw new Failure(named([world('alert-undelivered', `no answer within ${longest / 1000} seconds`)]));
    if (!(error instanceof Failure)) throw error;
    throw new Failure(named(error.diagnostics), { cause: error });
  }
}

async function send(
  { world: ports, reach, lab }: Session,
  properties: Route['properties'],
  said: Said,
  signal: AbortSignal,
): Promise<Diagnostic[]> {
  const { smtp, webhook, sns, event_log, heartbeat } = properties;
  const textOf = (given: string | SecretRef): string | Promise<string> =>
    typeof given === 'string' ? given : ports.secret(given);
  const { message } = said;
  if (smtp) {
    const { host, port = 587, from, to, username, password, ca } = smtp;
    const login = username !== undefined && password && { username, password: await textOf(password) };
    const key = 'delivery' in said ? said.delivery.alert.key : `converge-${said.about}`;
    const route = { host, port, from, to, ...login, ...(ca !== undefined && { ca }) };
    if (!lab) return sendMail(route, message, key, signal);
    const [at] = (await labAddresses(host)) ?? [];
    return at ? sendMail({ ...route, address: at.address }, message, key, signal) : [keptInLab(host)];
  }
  if (webhook) {
    const { shape, url, key, ca } = webhook;
    const body = bodyOf(shape, said, key && (await textOf(key)));
    const to = url === undefined ? PAGERDUTY : await textOf(url);
    return body ? posted(to, body, { ...webhook, ca, isLab: lab !== undefined }, signal) : [];
  }
  if (sns) {
    const { publish } = await import('../../aws/topics.ts');
    const target = awsTarget(sns.topic, sns.target, reach.targets);
    const settings = await reach.aws.api(target, reach.counter(target?.name ?? 'aws'));
    await publish(settings, sns.topic, {
      subject: message.title,
      text: [message.title, ...message.lines].join('\n'),
    });
    return [];
  }
  if (event_log) {
    const { source = 'converge' } = event_log;
    const { platform, env, processes } = ports.host;
    const run = (command: Command) => processes.run(command, signal);
    await writeEvent({ platform, env, run }, source, eventOf(said));
    return [];
  }
  if (!heartbeat) return [];
  const how = { ...heartbeat, ca: heartbeat.ca, isLab: lab !== undefined };
  return posted(await textOf(heartbeat.url), undefined, how, signal);
}

async function posted(
  url: string,
  body: object | undefined,
  { private: isPrivate = false, ca, isLab }: { private?: boolean; ca: string | undefined; isLab: boolean },
  signal: AbortSignal,
): Promise<Diagnostic[]> {
  const parsed = URL.parse(url);
  if (parsed && isRetired(parsed))
    throw new Failure(world('alert-retired', retired[0], { hint: retired[1] }));
  const found = parsed && isLab ? await labAddresses(parsed.hostname) : undefined;
  if (parsed && isLab && !found) return [keptInLab(parsed.host)];
  const pinned = found && { resolve: async () => found };
  await post(url, body, { isPrivate, ...(ca !== undefined && { ca }), signal, ...pinned });
  return [];
}
