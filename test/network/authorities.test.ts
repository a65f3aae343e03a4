import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { authoritiesOf } from '../../src/network/authorities.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const [one, two] = rootCertificates as [string, string];
const broken = two.replace(/\n[^\n]*\n/, '\n');
const key = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n';

/** What is said of a file with this content, or of a folder. */
async function judged(text: string | undefined): Promise<string> {
  const folder = await temporaryFolder();
  const path = text === undefined ? folder : join(folder, 'ca.pem');
  if (text !== undefined) await writeFile(path, text);
  return authoritiesOf({ ...nodeHost(), env: { AWS_CA_BUNDLE: path } }).then(
    () => 'taken',
    (failure: Failure) => {
      expect(failure.diagnostics[0]!.hint).toContain('AWS_CA_BUNDLE');
      const { code, message } = failure.diagnostics[0]!;
      return `${code}: ${message.replace(path, 'FILE')}`;
    },
  );
}

describe('a file of authorities', () => {
  test.each<[string, string | undefined, string]>([
    ['one', one, 'taken'],
    ['with words around them and what openssl writes ahead', `# A\n${one}\nsubject=B\n${two}\n`, 'taken'],
    ['beside a key', `${key}${one}`, 'taken'],
    ['a key alone', key, 'ca-file: .* FILE, .* holds no certificate in PEM'],
    ['a request', one.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'), 'holds no certificate in PEM'],
    ['nothing', '', 'holds no certificate in PEM'],
    ['one that is broken', broken, "holds a certificate that can't be read"],
    [
      'one that is broken behind one',
      `${one}\n${broken}`,
      "holds 2 certificates, of which number 2 can't be read",
    ],
    ['one that is cut off', one.slice(0, 600), "holds a certificate that can't be read"],
    ['a folder', undefined, "ca-file: .* FILE, which AWS_CA_BUNDLE names, can't be read: .*directory"],
  ])('%s', async (_, text, said) => {
    expect(await judged(text)).toMatch(new RegExp(said));
  });
});
