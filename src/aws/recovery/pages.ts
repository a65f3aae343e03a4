import type { EC2Client } from '@aws-sdk/client-ec2';
import type { RecoveryConnection } from './connection.ts';

/** Asks EC2 for all of something. `expected`: errors, by their code, that mean there is none. */
export type AllPages = <P, T>(
  action: string,
  thing: string,
  pages: (at: { client: EC2Client }, options: object) => AsyncIterable<P>,
  pick: (page: P) => T[] | undefined,
  expected?: RegExp,
) => Promise<T[]>;

/** All pages: one without content may come before one with. */
export const allPages =
  ({ onEc2 }: RecoveryConnection, signal?: AbortSignal): AllPages =>
  async (action, thing, pages, pick, expected) =>
    (await onEc2(
      action,
      thing,
      async (client, options) => {
        const found = [];
        for await (const page of pages({ client }, options)) found.push(...(pick(page) ?? []));
        return found;
      },
      { signal, ...(expected && { expected }) },
    )) ?? [];
