import { hash } from 'node:crypto';

/** SHA-256 of bytes, or of a text in UTF-8, in lower-case hex. */
export const sha256 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'hex');

/** The same in base64, as the headers and requests of AWS have it. */
export const sha256Base64 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'base64');

/**
 * The same as bytes. By way of a text: of a digest that is asked for as bytes Node makes memory of its own
 * each time, which takes three times as long and is the garbage collector's to look after.
 */
export const sha256Bytes = (bytes: Uint8Array): Buffer =>
  Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
