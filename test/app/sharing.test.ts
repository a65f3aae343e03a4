import { expect, test } from 'vitest';
import { handled } from '../../src/app/operation/agent/sharing.ts';
import type { Code } from '../../src/diagnostics/codes.ts';
import { world } from '../../src/diagnostics/diagnostic.ts';
import { passingProxyFailures } from '../../src/network/failures.ts';

const failedWith = (code: Code) =>
  handled({
    outcome: { result: 'failed' },
    moved: { vm: 'dc02', address: 'protected_vm:dc02', diagnostics: [world(code, 'as it is')] },
  });

test('a mover with another key or fewer rights leaves its line to others, and no VM has failed', () => {
  for (const code of ['wrong-key', 'key-needed', 'newer-format', 'aws-access-denied'] as const)
    expect(failedWith(code)).toEqual({
      answer: { result: 'failed', code, message: 'as it is', elsewhere: true },
      unable: 'briefly',
    });
});

test('a mover whose proxy fails it leaves its line to others, and takes none meanwhile', () => {
  for (const code of [...passingProxyFailures, 'proxy-refused', 'proxy-authentication', 'ca-file'] as const)
    expect(failedWith(code)).toMatchObject({ answer: { code, elsewhere: true }, unable: true });
});

test('what is wrong with one VM is for nobody else to try at once', () => {
  expect(failedWith('vm-not-found')).toEqual({
    answer: { result: 'failed', code: 'vm-not-found', message: 'as it is' },
  });
});
