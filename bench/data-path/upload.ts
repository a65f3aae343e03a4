/**
 * Uploads a raw image as one point, in a process of its own: what a cycle does with a disk that it can read, and
 * nothing else. Arguments: the file, `s3://BUCKET/PREFIX`, its endpoint, `plain` or a printed key.
 */
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { nodeHost } from '../../src/io/node.ts';
import { copyBlocks } from '../../src/replication/cycle/copy-blocks.ts';
import { allBlocks } from '../../src/replication/extents/blocks.ts';
import { blockSizeFor } from '../../src/replication/format/blocks.ts';
import { parseKey } from '../../src/replication/format/keys.ts';
import { createRepository } from '../../src/replication/repository/open-repository.ts';
import { parseS3Url } from '../../src/values/s3-url.ts';
import { fileSource } from './file-source.ts';

const [path = '', url = '', endpoint = '', secret = 'plain'] = process.argv.slice(2);
const host = nodeHost();
const connection = await connectS3({ region: 'us-east-1', endpoint, clock: host.clock, random: host.random });
const store = s3Store(connection, parseS3Url(url)!);
const key = secret === 'plain' ? undefined : parseKey(secret, 'the arguments');
const repository = await createRepository(store, { key, random: host.random });
const writer = await repository.vm('disk').writer(undefined, async () => {});
const source = await fileSource(host.files, path);
const bytes = source.size;
const blockSize = blockSizeFor(bytes);
const about = { index: 0, key: 2000, label: 'Hard disk 1', identity: 'disk', mode: 'full', reason: 'bench' };
const disk = await writer.disk({ ...about, mode: 'full', bytes, blockSize });
await copyBlocks(source, disk, allBlocks(blockSize, bytes), bytes);
const point = { vm: { name: 'disk', uuid: 'disk' }, epoch: 1, time: host.clock.now(), left_out: [] };
await writer.commit({ ...point, consistency: 'crash' }, async () => {});
await source.close();
connection.close();
