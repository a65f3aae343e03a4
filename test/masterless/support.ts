import { createHash, type KeyObject } from 'node:crypto';
import type { ContentBucket } from '../../src/masterless/content/bucket.ts';
import { type Statement, sealStatement } from '../../src/masterless/trust/envelope.ts';
import { newKeyPair, parsePrivateKey, parsePublicKey } from '../../src/masterless/trust/keys.ts';

/** 2026-01-01T00:00:00Z. */
export const now = Date.UTC(2026, 0, 1);

export function signer(name = 'deploy.pub') {
  const { privatePem, publicPem } = newKeyPair();
  return { key: parsePrivateKey(privatePem, 'deploy.key'), trusted: parsePublicKey(publicPem, name) };
}

export const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export function statementOf(content: Buffer, changed: Partial<Statement> = {}): Statement {
  return {
    converge_content: 1,
    environment: 'taupe',
    name: 'taupe.yaml',
    sha256: hash(content),
    bytes: content.length,
    sequence: 7,
    issued: '2025-12-31T00:00:00Z',
    expires: '2026-12-31T00:00:00Z',
    minimum_version: '0.1.0',
    ...changed,
  };
}

export const sign = (statement: Statement, ...keys: KeyObject[]): Buffer => sealStatement(statement, keys);

/** A bucket in memory that remembers what it was asked. */
export function bucketOf(objects: Record<string, Buffer>): ContentBucket & { asked: string[] } {
  const asked: string[] = [];
  return {
    url: 's3://cust',
    asked,
    async get(key, known) {
      asked.push(key);
      const bytes = objects[key];
      if (!bytes) return undefined;
      return hash(bytes) === known ? 'unchanged' : { bytes, etag: hash(bytes) };
    },
    async put(key, bytes) {
      objects[key] = bytes;
    },
  };
}

/** The code of the only diagnostic that it fails with. */
export async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as { diagnostics: { code: string }[] }).diagnostics.map(({ code }) => code).join();
  }
  return 'nothing failed';
}
