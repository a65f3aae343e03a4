import type { HttpRequest } from '@smithy/core/protocols';
import { type Throttle, takeAll } from '../../network/throttle.ts';
import type { Handler } from './handler.ts';

/** Bytes of a body that is a call of an API and not an upload: it doesn't wait for those. */
const small = 16 * 1024;

/** The same handler, whose requests wait until what they bring may be sent. */
export function paced(usual: Handler, throttle: Throttle | undefined): Handler {
  if (!throttle) return usual;
  // Whatever else the SDK asks of its handler, `usual` answers.
  return Object.assign(Object.create(usual) as Handler, {
    async handle(request: HttpRequest, options: Parameters<Handler['handle']>[1] = {}) {
      const body: unknown = request.body;
      const bytes =
        typeof body === 'string' ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.byteLength : 0;
      if (bytes > small) await takeAll(throttle, bytes, options.abortSignal);
      else throttle.owe(bytes);
      return usual.handle(request, options);
    },
    destroy: () => usual.destroy?.(),
  });
}
