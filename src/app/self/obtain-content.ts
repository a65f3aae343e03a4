import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { RunContent } from '../../engine/model/events.ts';
import type { Asking } from '../../masterless/content/accept.ts';
import { type Content, fetchSigned, fetchUnsigned } from '../../masterless/content/fetch.ts';
import { keptContent } from '../../masterless/content/last-known-good.ts';
import { passingProxyFailures } from '../../network/failures.ts';
import type { Context } from '../app-context.ts';
import { type Self, trustedKeys } from './open-self.ts';
import type { SelfOptions } from './self-options.ts';

export interface Obtained {
  content: Content;
  from: RunContent['from'];
}

/** What this instance is to be. Throws a Failure when there is nothing that it may take. */
export async function obtainContent(
  context: Context,
  self: Self,
  options: SelfOptions,
  asking: Asking,
): Promise<Obtained> {
  const { bucket, clock, environment, stateDir } = self;
  const { files } = context.io.host;
  const trusted = await trustedKeys(context, self, options);
  try {
    const content = options.insecureUnsigned
      ? await fetchUnsigned(bucket, environment)
      : await fetchSigned(bucket, asking, trusted, { clock, signal: context.io.interrupt });
    return { content, from: 's3' };
  } catch (error) {
    if (!isAway(error) || options.onUnreachable === 'fail' || options.insecureUnsigned) throw error;
    const content = await keptContent(files, stateDir, asking, trusted);
    if (!content) throw new Failure([...error.diagnostics, nothingKept]);
    context.reporter.diagnostics(error.diagnostics.map(asWarning));
    return { content, from: 'last-known-good' };
  }
}

const isAway = (error: unknown): error is Failure =>
  error instanceof Failure && error.hasOnly('aws-unreachable', 'aws-throttled', ...passingProxyFailures);

const nothingKept = world('nothing-kept', 'no content that converged before is kept here to go on with', {
  hint: 'the first run needs S3',
});

export const asWarning = (diagnostic: Diagnostic): Diagnostic => ({ ...diagnostic, severity: 'warning' });

/** What the run report says about it. */
export const describeContent = ({ content, from }: Obtained, { bucket }: Self): RunContent => ({
  url: `${bucket.url}/${content.name}`,
  sha256: content.sha256,
  from,
  signed: content.signed
    ? {
        environment: content.signed.statement.environment,
        sequence: content.signed.statement.sequence,
        issued: content.signed.statement.issued,
        expires: content.signed.statement.expires,
      }
    : false,
});
