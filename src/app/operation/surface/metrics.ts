import { resolve } from 'node:path';
import { metricsOf } from '../../../operation/metrics/metrics.ts';
import type { Status } from '../../../operation/model.ts';
import type { Context } from '../../app-context.ts';
import { version } from '../../version.ts';
import { type StatusOptions, status } from '../status.ts';

export interface MetricsOptions extends StatusOptions {
  /** Written whole or not at all, in the place of being answered. */
  textfile?: string;
  /** Leaves out what there is for each VM. */
  summary?: boolean;
}

/**
 * How everything stands as metrics. Undefined when the manifests have mistakes, which were told.
 *
 * A collector of textfiles reads as another user: the file is readable for everybody.
 */
export async function metrics(
  context: Context,
  options: MetricsOptions,
): Promise<{ text: string; status: Status } | undefined> {
  const { textfile, summary } = options;
  const seen = await status(context, options);
  if (!seen) return undefined;
  const text = context.redactor.text(metricsOf(seen, { version, ...(summary && { summary }) }));
  const { files, cwd } = context.io.host;
  if (textfile !== undefined)
    await files.writeAtomic(resolve(cwd, textfile), Buffer.from(text), { mode: 0o644 });
  return { text, status: seen };
}
