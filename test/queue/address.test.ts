import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import { isLoopback, queueAddress } from '../../src/queue/address.ts';

const messageOf = (text: string): string => {
  try {
    queueAddress(text);
  } catch (error) {
    const [first] = (error as Failure).diagnostics;
    return `${first!.code} ${first!.message} ${first!.hint}`;
  }
  throw new Error(`${text} was taken`);
};

test.for([
  ['redis://queue', { host: 'queue', port: 6379, user: undefined, isEncrypted: false }],
  ['rediss://converge@queue:6390/0', { host: 'queue', port: 6390, user: 'converge', isEncrypted: true }],
  ['redis://[::1]:1/', { host: '::1', port: 1, user: undefined, isEncrypted: false }],
] as const)('%s', ([text, address]) => {
  expect(queueAddress(text)).toEqual(address);
});

test('a password in it is refused with the way out, and in no message; so is whatever is not a queue', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9]{8,20}$/), secret => {
      for (const text of [`redis://u:${secret}@h`, `rediss://:${secret}@h`, `redis://h/?password=${secret}`])
        expect(messageOf(text)).not.toContain(secret);
      expect(messageOf(`redis://u:${secret}@h`)).toMatch(/^bad-queue-url .*--queue-password file:PATH/);
    }),
  );
  for (const text of ['', 'queue:6379', 'http://queue', 'redis://', 'redis://h/3', 'redis://h#x'])
    expect(messageOf(text)).toMatch(/^bad-queue-url/);
});

test('only this machine is one that nobody listens on the way to', () => {
  const hosts = [
    ...['redis://127.0.0.1', 'redis://localhost', 'redis://[::1]', 'redis://127.example.com'],
    'redis://10.0.0.1',
  ];
  expect(hosts.map(url => isLoopback(queueAddress(url)))).toEqual([true, true, true, false, false]);
});
