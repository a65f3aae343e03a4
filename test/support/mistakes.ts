import { mistakesOf } from '../../src/engine/model/mistakes.ts';
import type { AnyResourceType, Where } from '../../src/engine/model/resource-type.ts';

const hosts = {
  linux: { platform: 'linux', cwd: '/' },
  windows: { platform: 'win32', cwd: 'C:\\' },
} as const;

/** What a type finds wrong, one mistake a line: `/bindings/1: ...`; '' when nothing is. */
export const mistakesIn = (
  type: AnyResourceType,
  title: string,
  properties: object,
  where: Where | keyof typeof hosts = 'linux',
): string =>
  mistakesOf(type, properties as never, title, typeof where === 'string' ? hosts[where] : where)
    .map(({ pointer, message }) => `${pointer}: ${message}`)
    .join('\n');
