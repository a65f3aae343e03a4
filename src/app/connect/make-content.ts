import type { Content, Location } from '../../content/content.ts';
import { openHttp } from '../../content/http.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import { parseS3Object, parseS3Prefix } from '../../values/s3-url.ts';
import { connectS3Of } from '../aws/aws-access.ts';
import type { Closing, Reach } from './reach.ts';
import { awsTarget, bucketAt } from './repositories.ts';

/** Content of the web and of S3; in a lab its stand-ins answer for every host and bucket. */
export function makeContent(reach: Reach, calls: CallCounter, closing: Closing): Content {
  const { standIn, aws, targets } = reach;
  const web = openHttp({ onCall: kind => calls[kind](), ...(standIn !== undefined && { standIn }) });
  // Opened once per target: connecting reads profiles and asks for credentials.
  const opened = new Map<string, ReturnType<typeof connectS3Of>>();
  const s3 = ({ url, target }: Location) => {
    const declared = awsTarget(url, target, targets);
    const name = declared?.name ?? '';
    const connection = opened.get(name) ?? connectS3Of(aws, declared, reach.counter(declared?.name ?? 'aws'));
    opened.set(name, connection);
    closing.push(async () => (await connection).close());
    return connection;
  };
  return {
    async open(location, how) {
      const object = parseS3Object(location.url);
      if (!object) return web(location, how);
      const { openS3 } = await import('../../aws/s3-open.ts');
      return openS3(await s3(location), object)(how);
    },
    async store({ url, target }) {
      const place = parseS3Prefix(url);
      if (!place)
        throw new Failure(
          given('content-url', `${url} is not a bucket`, { hint: 'write s3://BUCKET/PREFIX' }),
        );
      return bucketAt({ place, written: url }, target, reach, closing);
    },
  };
}
