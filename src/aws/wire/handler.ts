import { Readable } from 'node:stream';
import type { HttpRequest } from '@smithy/core/protocols';
import { createWire, type WireOptions } from './wire.ts';

/** Where an answer's body goes, given to `send` beside the signal. */
export interface Landing {
  readonly buffer: Buffer;
  /** Bytes of it that the last answer filled. */
  length: number;
}

interface HandlerOptions {
  abortSignal?: AbortSignal;
  landing?: Landing;
}

/** What the SDK sends its requests with, as far as it is used here. */
export interface Handler {
  handle(request: HttpRequest, options?: HandlerOptions): Promise<{ response: unknown }>;
  destroy?(): void;
}

/** Bodies of so many bytes are sent over the wire of our own. */
export const LARGE = 1024 * 1024;

/**
 * Sends large bodies, and gets what has a landing, over a wire of our own; all else as `usual` does. The SDK signs,
 * reads the answers and tells the errors as ever.
 */
export async function largeBodies(usual: Handler, options: WireOptions): Promise<Handler> {
  const { buildQueryString, HttpResponse } = await import('@smithy/core/protocols');
  const wire = createWire(options);
  return {
    ...usual,
    async handle(request, { abortSignal, landing, ...others } = {}) {
      const { method, body, headers, protocol, hostname, port } = request;
      const isPut = method === 'PUT' && Buffer.isBuffer(body) && body.length >= LARGE;
      const isGet = method === 'GET' && landing !== undefined;
      if (!isPut && !isGet)
        return usual.handle(request, { ...others, ...(abortSignal && { abortSignal }) });
      const secure = protocol === 'https:';
      const query = buildQueryString(request.query);
      const answer = await wire.exchange(
        { secure, host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port ?? (secure ? 443 : 80) },
        {
          method,
          path: query === '' ? request.path : `${request.path}?${query}`,
          headers,
          ...(isPut && { body }),
          ...(isGet && { into: landing.buffer }),
          signal: abortSignal,
        },
      );
      const isLanded = isGet && (answer.status === 200 || answer.status === 206);
      if (isLanded) landing.length = answer.body.length;
      return {
        response: new HttpResponse({
          statusCode: answer.status,
          headers: answer.headers,
          body: Readable.from(isLanded || answer.body.length === 0 ? [] : [answer.body]),
        }),
      };
    },
    destroy() {
      wire.close();
      usual.destroy?.();
    },
  };
}
