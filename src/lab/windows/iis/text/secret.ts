import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type { Random } from '../../../../io/ports.ts';

/**
 * Passwords in the files look as IIS's do, another text each time for one password. This hides nothing:
 * it shows that a comparison of file texts doesn't work.
 */
const key = createHash('sha256').update('the lab keeps no secrets').digest().subarray(0, 16);
const FORM = /^\[enc:\w+:([A-Za-z0-9+/=]*):enc\]$/;

export function encrypted(value: string, random: Random): string {
  if (value === '') return '';
  const start = random.bytes(16);
  const cipher = createCipheriv('aes-128-cbc', key, start);
  const text = Buffer.concat([start, cipher.update(value, 'utf8'), cipher.final()]).toString('base64');
  return `[enc:IISWASOnlyAesProvider:${text}:enc]`;
}

/** A value that isn't encrypted, or by somebody else, stays as it is. */
export function decrypted(value: string): string {
  const bytes = Buffer.from(FORM.exec(value)?.[1] ?? '', 'base64');
  if (bytes.length < 32) return value;
  try {
    const cipher = createDecipheriv('aes-128-cbc', key, bytes.subarray(0, 16));
    return Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]).toString('utf8');
  } catch {
    return value;
  }
}
