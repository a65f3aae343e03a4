import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { HttpRequest } from '@smithy/core/protocols';
import { eitherOf } from '../../io/either.ts';
import { endSlow, movedOn } from '../../network/slow.ts';
import type { Handler } from './handler.ts';

/** The body of an answer, on its connection while there is one. */
type Body = Partial<Readable> & { socket?: Socket };

/**
 * The same handler, whose answers have to come within `ms`, and a second more for each KiB that is sent or
 * comes. The SDK's own limits are about silence, or don't know how much there is to send.
 */
export const wholeInTime = (usual: Handler, ms: number): Handler =>
  // Whatever else the SDK asks of its handler, `usual` answers.
  Object.assign(Object.create(usual) as Handler, {
    async handle(request: HttpRequest, options: Parameters<Handler['handle']>[1] = {}) {
      const body: unknown = request.body;
      const sent = typeof body === 'string' || body instanceof Uint8Array ? body.length : 0;
      const late = new AbortController();
      const stop = endSlow(
        error => late.abort(error),
        ms,
        () => sent,
      );
      const { signal, release } = eitherOf(options.abortSignal, late.signal);
      try {
        const answer = await usual.handle(request, { ...options, abortSignal: signal });
        // Whoever reads the body may still be stopped by his signal.
        endSlowBody((answer.response as { body?: Body }).body ?? {}, ms, release);
        return answer;
      } catch (error) {
        release();
        const isLate = late.signal.aborted && !options.abortSignal?.aborted;
        throw isLate ? Object.assign(late.signal.reason as Error, { name: 'TimeoutError' }) : error;
      } finally {
        stop();
      }
    },
    destroy: () => usual.destroy?.(),
  });

/** Of one that is whole already, and has no connection any more, nothing comes. */
function endSlowBody(body: Body, ms: number, after: () => void): void {
  if (!body.socket || !body.destroy || !body.once) {
    after();
    return;
  }
  const end = (error: Error) => body.destroy!(Object.assign(error, { name: 'TimeoutError' }));
  const stop = endSlow(end, ms, movedOn(body.socket));
  body.once('close', () => {
    stop();
    after();
  });
}
