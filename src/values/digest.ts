import { hash } from 'node:crypto';

/** SHA-256 of bytes, or of a text in UTF-8, in lower-case hex. */
export const sha256 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'hex');

/** The same in base64, as the headers and requests of AWS have it. */
export const sha256Base64 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'base64');
