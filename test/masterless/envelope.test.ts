import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openStatement, preAuthentication } from '../../src/masterless/trust/envelope.ts';
import { keyId, newKeyPair, parsePrivateKey, parsePublicKey } from '../../src/masterless/trust/keys.ts';
import { codeOf, sign, signer, statementOf } from './support.ts';

const content = Buffer.from('converge: 1\n');
const deploy = signer();
const other = signer('other.pub');

describe('the envelope', () => {
  test('gives back what was signed', () => {
    const statement = statementOf(content);
    expect(openStatement(sign(statement, deploy.key), 'taupe.sig', [deploy.trusted])).toEqual(statement);
  });

  test('is DSSE: its signature holds for DSSEv1 LEN type LEN body', () => {
    // secure-systems-lab/dsse, protocol.md: PAE("http://example.com/HelloWorld", "hello world") is
    expect(preAuthentication('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    const envelope = JSON.parse(sign(statementOf(content), deploy.key).toString());
    const body = Buffer.from(envelope.payload, 'base64');
    const bytes = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${body.length} `),
      body,
    ]);
    expect(verify(null, bytes, deploy.trusted.key, Buffer.from(envelope.signatures[0].sig, 'base64'))).toBe(
      true,
    );
  });

  test('signed by an old and a new key is taken by an instance that knows either', () => {
    const both = sign(statementOf(content), deploy.key, other.key);
    expect(openStatement(both, 's', [deploy.trusted]).sequence).toBe(7);
    expect(openStatement(both, 's', [other.trusted]).sequence).toBe(7);
  });

  test('changed in any byte is refused or says the same', () => {
    const statement = statementOf(content);
    const sealed = sign(statement, deploy.key);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(sealed);
        bytes[at]! ^= flip;
        try {
          expect(openStatement(bytes, 's', [deploy.trusted])).toEqual(statement);
        } catch (error) {
          expect((error as Error).name).toBe('Failure');
        }
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['a key that nobody trusts', () => sign(statementOf(content), other.key), 'signature-unknown-key'],
    ['no signature at all', () => sign(statementOf(content)), 'signature-unknown-key'],
    ['no JSON', () => Buffer.from('<html>'), 'signature-malformed'],
    ['another JSON', () => Buffer.from('{"payload": 1}'), 'signature-malformed'],
    [
      'more signatures than anybody makes',
      () => sign(statementOf(content), ...Array<typeof deploy.key>(101).fill(deploy.key)),
      'signature-malformed',
    ],
    [
      'a later form',
      () => sign({ ...statementOf(content), converge_content: 2 as 1 }, deploy.key),
      'signature-malformed',
    ],
    [
      'a time that is none',
      () => sign(statementOf(content, { expires: 'soon' }), deploy.key),
      'signature-malformed',
    ],
  ])('with %s is refused', async (_, make, code) => {
    expect(await codeOf(() => openStatement(make(), 's', [deploy.trusted]))).toBe(code);
  });

  test('whose signature was moved to another statement is refused', async () => {
    const one = JSON.parse(sign(statementOf(content), deploy.key).toString());
    const two = JSON.parse(sign(statementOf(content, { sequence: 8 }), other.key).toString());
    const mixed = Buffer.from(JSON.stringify({ ...two, signatures: one.signatures }));
    expect(await codeOf(() => openStatement(mixed, 's', [deploy.trusted]))).toBe('signature-wrong');
  });

  test('of another payload type is refused, although its bytes were signed', async () => {
    const one = JSON.parse(sign(statementOf(content), deploy.key).toString());
    const moved = Buffer.from(JSON.stringify({ ...one, payloadType: 'text/plain' }));
    expect(await codeOf(() => openStatement(moved, 's', [deploy.trusted]))).toBe('signature-wrong');
  });

  test('means nothing where no key is trusted', async () => {
    expect(await codeOf(() => openStatement(sign(statementOf(content), deploy.key), 's', []))).toBe(
      'no-trusted-key',
    );
  });
});

describe('keys', () => {
  test('have one id, by their private and their public half', () => {
    const { id, privatePem, publicPem } = newKeyPair();
    expect(keyId(parsePrivateKey(privatePem, 'k'))).toBe(id);
    expect(parsePublicKey(publicPem, 'k').id).toBe(id);
    expect(keyId(createPublicKey(publicPem))).toMatch(/^[0-9a-f]{16}$/);
  });

  test('of another kind, and files of another kind, are named by file and never shown', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
    expect(await codeOf(() => parsePublicKey(pem, 'k'))).toBe('wrong-key');
    expect(() => parsePrivateKey('hunter2', 'deploy.key')).toThrow(
      /^deploy\.key: expected a private Ed25519 key, found no key in PEM$/,
    );
    expect(() => parsePrivateKey(newKeyPair().publicPem, 'deploy.pub')).toThrow(
      /^deploy\.pub holds a public key, and signing takes the private one$/,
    );
  });

  test('a private one has no business among the trusted', async () => {
    expect(await codeOf(() => parsePublicKey(newKeyPair().privatePem, 'k'))).toBe('private-key-here');
  });
});
