import type {
  CompletedPart,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  MultipartUpload,
} from '@aws-sdk/client-s3';
import type { ObjectPlace, UploadCloud, UploadedPart } from '../../../recovery/model/imports.ts';
import { codeOf, statusOf } from '../../errors.ts';
import { connectS3, type S3Connection } from '../../s3-client.ts';
import type { AwsSettings } from '../../settings.ts';

/** Objects in parts, over a connection that is made when the first of them is asked for. */
export function awsUploads(settings: AwsSettings): UploadCloud & { close(): void } {
  let connection: Promise<S3Connection> | undefined;
  const connect = () => {
    connection ??= connectS3(settings);
    return connection;
  };
  const about = (action: string, { bucket, key }: ObjectPlace) => ({ action: `s3:${action}`, bucket, key });
  const named = ({ bucket, key }: ObjectPlace) => ({ Bucket: bucket, Key: key });

  /** Uploads that nobody ended, of keys that begin so. */
  async function begun({ bucket, key }: ObjectPlace, signal?: AbortSignal) {
    const { sdk, client, call } = await connect();
    const found = await call(
      about('ListBucketMultipartUploads', { bucket, key }),
      async options => {
        const all: MultipartUpload[] = [];
        let more: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
        while (more) {
          const command: ListMultipartUploadsCommand = new sdk.ListMultipartUploadsCommand({
            Bucket: bucket,
            Prefix: key,
            ...more,
          });
          const page = await client.send(command, options);
          all.push(...(page.Uploads ?? []));
          more = page.IsTruncated
            ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
            : undefined;
        }
        return all;
      },
      { signal },
    );
    return found ?? [];
  }

  return {
    async size(place, signal) {
      const { sdk, client, call } = await connect();
      const answer = await call(
        about('GetObject', place),
        options => client.send(new sdk.HeadObjectCommand(named(place)), options),
        { signal, expected: error => statusOf(error) === 404 },
      );
      return answer?.ContentLength;
    },

    async begin(place, signal) {
      const { sdk, client, call } = await connect();
      const known = (await begun(place, signal)).find(({ Key }) => Key === place.key);
      if (known) return { id: known.UploadId!, parts: await partsOf(place, known.UploadId!, signal) };
      const answer = await call(
        about('PutObject', place),
        options =>
          client.send(
            new sdk.CreateMultipartUploadCommand({ ...named(place), ChecksumAlgorithm: 'SHA256' }),
            options,
          ),
        { signal },
      );
      return { id: answer!.UploadId!, parts: [] };
    },

    async put(place, id, { number, bytes, digest }, signal) {
      const { sdk, client, call } = await connect();
      const command = new sdk.UploadPartCommand({
        ...named(place),
        UploadId: id,
        PartNumber: number,
        Body: bytes,
        ContentLength: bytes.length,
        ChecksumSHA256: digest,
      });
      const answer = await call(about('PutObject', place), options => client.send(command, options), {
        signal,
        patience: 'bulk',
      });
      return { number, bytes: bytes.length, etag: answer!.ETag!, digest };
    },

    async complete(place, id, parts, signal) {
      const { sdk, client, call } = await connect();
      const Parts = parts.map(
        ({ number, etag, digest }): CompletedPart => ({
          PartNumber: number,
          ETag: etag,
          ChecksumSHA256: digest,
        }),
      );
      const command = new sdk.CompleteMultipartUploadCommand({
        ...named(place),
        UploadId: id,
        MultipartUpload: { Parts },
      });
      // After a lost answer the upload is gone, and the object is there.
      await call(about('PutObject', place), options => client.send(command, options), {
        signal,
        expected: error => codeOf(error) === 'NoSuchUpload',
      });
    },

    async list({ bucket, key }, signal) {
      const { sdk, client, call } = await connect();
      const place = { bucket, key };
      const there = await call(
        about('ListBucket', place),
        async options => {
          const keys: string[] = [];
          for await (const page of sdk.paginateListObjectsV2(
            { client },
            { Bucket: bucket, Prefix: key },
            options,
          ))
            keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
          return keys;
        },
        { signal, expected: error => codeOf(error) === 'NoSuchBucket' },
      );
      if (!there) return [];
      const unended = (await begun(place, signal)).flatMap(({ Key }) => Key ?? []);
      return [...new Set([...there, ...unended])].sort();
    },

    async remove(place, signal) {
      const { sdk, client, call } = await connect();
      for (const { Key, UploadId } of await begun(place, signal))
        if (Key === place.key)
          await call(
            about('AbortMultipartUpload', place),
            options =>
              client.send(new sdk.AbortMultipartUploadCommand({ ...named(place), UploadId }), options),
            { signal, expected: error => codeOf(error) === 'NoSuchUpload' },
          );
      await call(
        about('DeleteObject', place),
        options => client.send(new sdk.DeleteObjectCommand(named(place)), options),
        { signal },
      );
    },

    close() {
      connection?.then(open => open.close()).catch(() => {});
    },
  };

  async function partsOf(place: ObjectPlace, id: string, signal?: AbortSignal): Promise<UploadedPart[]> {
    const { sdk, client, call } = await connect();
    const found = await call(
      about('ListMultipartUploadParts', place),
      async options => {
        const parts: UploadedPart[] = [];
        // S3 names a next marker on the last page too, so that whoever follows it begins anew.
        for (let marker: string | undefined = '0'; marker !== undefined; ) {
          const command: ListPartsCommand = new sdk.ListPartsCommand({
            ...named(place),
            UploadId: id,
            PartNumberMarker: marker,
          });
          const page = await client.send(command, options);
          // One without its digest is put again.
          for (const { PartNumber, Size, ETag, ChecksumSHA256 } of page.Parts ?? [])
            if (ChecksumSHA256 !== undefined)
              parts.push({ number: PartNumber!, bytes: Size!, etag: ETag!, digest: ChecksumSHA256 });
          marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
        }
        return parts;
      },
      { signal },
    );
    return found ?? [];
  }
}
