import type { Content, Location } from '../content/content.ts';
import { openHttp } from '../content/http.ts';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { CallCounter } from '../engine/model/calls.ts';
import { awsOf } from './aws/aws.ts';
import type { ConnectionOptions } from './connections.ts';
import { awsTarget, storeAt } from './repository/repositories.ts';

/** Content of the web and of S3; in a lab its stand-ins answer for every host and bucket. */
export function makeContent(
  options: ConnectionOptions,
  calls: CallCounter,
  closing: (() => Promise<void> | void)[],
): Content {
  const { lab } = options;
  const web = openHttp({ onCall: kind => calls[kind](), ...(lab && { standIn: lab.web.url }) });
  // Opened once per target: connecting reads profiles and asks for credentials.
  const opened = new Map<string, ReturnType<typeof awsOf>>();
  const s3 = ({ url, target }: Location) => {
    const declared = awsTarget(url, target, options.targets);
    const name = declared?.name ?? '';
    const connection = opened.get(name) ?? awsOf(declared, options, options.counter(declared?.name ?? 'aws'));
    opened.set(name, connection);
    closing.push(async () => (await connection).close());
    return connection;
  };
  return {
    async open(location, how) {
      const object = /^s3:\/\/([^/]+)\/(.+)$/i.exec(location.url);
      if (!object) return web(location, how);
      const { openS3 } = await import('../aws/s3-open.ts');
      return openS3(await s3(location), { bucket: object[1]!, key: object[2]! })(how);
    },
    async store({ url, target }) {
      if (!/^s3:\/\//i.test(url))
        throw new Failure(given('content-url', `${url} is no bucket`, { hint: 'write s3://BUCKET/PREFIX' }));
      return storeAt(url, target, options, closing);
    },
  };
}
