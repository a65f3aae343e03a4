import type { Content, S3Location } from '../../content/content.ts';
import { openHttp } from '../../content/http.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import { connectS3Of } from '../aws/aws-access.ts';
import type { Closing, Reach } from './reach.ts';
import { awsTarget, bucketAt } from './repositories.ts';

/** Content of the web and of S3; in a lab its stand-ins answer for every host and bucket. */
export function makeContent(reach: Reach, calls: CallCounter, closing: Closing): Content {
  const { standIn, aws, targets, network } = reach;
  const web = openHttp({ network, onCall: kind => calls[kind](), ...(standIn !== undefined && { standIn }) });
  // Opened once per target: connecting reads profiles and asks for credentials.
  const opened = new Map<string, ReturnType<typeof connectS3Of>>();
  const s3 = ({ url, target }: S3Location) => {
    const declared = awsTarget(url, target, targets);
    const name = declared?.name ?? '';
    const connection = opened.get(name) ?? connectS3Of(aws, declared, reach.counter(declared?.name ?? 'aws'));
    opened.set(name, connection);
    closing.push(async () => (await connection).close());
    return connection;
  };
  return {
    async open(location, how) {
      if (location.kind === 'web') return web(location, how);
      const { openS3 } = await import('../../aws/s3-open.ts');
      return openS3(await s3(location), location.place)(how);
    },
    store: ({ place, url, target }) => bucketAt({ place, written: url }, target, reach, closing),
  };
}
