/**
 * What making images by VM Import needs of the cloud. `src/aws/recovery` implements it over EC2 and S3. All
 * calls may reject with a Failure.
 */

/** An import of an image that is under way, or was. */
export interface ImportTask {
  id: string;
  /** `active`, `completed`; `deleting` and `deleted` of one that failed, or was cancelled. */
  state: string;
  /** What EC2 says about it: the phase, or why it failed. */
  message: string;
  /** Percent. */
  progress?: number;
  image?: string;
  tags: Record<string, string>;
}

/** What an import reads. */
export type ImportedDisk = { snapshot: string } | ObjectPlace;

export interface ObjectPlace {
  bucket: string;
  key: string;
}

export interface NewImport {
  /** The first is the one that it boots from. */
  disks: ImportedDisk[];
  platform: 'Windows' | 'Linux';
  bootMode: 'legacy-bios' | 'uefi';
  /** Of Windows. */
  license?: 'AWS' | 'BYOL';
  /** The role that VM Import acts as; `vmimport` when left out. */
  role?: string;
  description: string;
  /** The same token gives the same import again. */
  token: string;
  tags: Record<string, string>;
}

export interface ImportCloud {
  /** @throws Failure `import-role` when the role isn't there, or VM Import may not act as it */
  start(wanted: NewImport, signal?: AbortSignal): Promise<string>;
  task(id: string, signal?: AbortSignal): Promise<ImportTask | undefined>;
  /** Those that have all of these tags, for as long as EC2 shows them. */
  tasks(tags: Record<string, string>, signal?: AbortSignal): Promise<ImportTask[]>;
  /** One that has ended already is success. */
  cancel(id: string, signal?: AbortSignal): Promise<void>;
}

/** A part of an object that is there already. */
export interface UploadedPart {
  number: number;
  bytes: number;
  etag: string;
  /** SHA-256, base64. */
  digest: string;
}

/** Objects that are put in parts, since they are as large as disks. */
export interface UploadCloud {
  /** Bytes of an object; undefined when there is none. */
  size(place: ObjectPlace, signal?: AbortSignal): Promise<number | undefined>;
  /** Begins one, or finds the one that was begun and not ended, with the parts that it has. */
  begin(place: ObjectPlace, signal?: AbortSignal): Promise<{ id: string; parts: UploadedPart[] }>;
  /** `digest`: SHA-256 of the bytes, base64, which the other side checks. */
  put(
    place: ObjectPlace,
    id: string,
    part: { number: number; bytes: Buffer; digest: string },
    signal?: AbortSignal,
  ): Promise<UploadedPart>;
  complete(
    place: ObjectPlace,
    id: string,
    parts: readonly UploadedPart[],
    signal?: AbortSignal,
  ): Promise<void>;
  /** Keys below a prefix, those of uploads that nobody ended too. */
  list(place: ObjectPlace, signal?: AbortSignal): Promise<string[]>;
  /** The object, and what was begun of it. One that is gone already is success. */
  remove(place: ObjectPlace, signal?: AbortSignal): Promise<void>;
}
