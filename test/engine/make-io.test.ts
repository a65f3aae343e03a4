import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { readIo, writeIo } from '../../src/engine/call/make-io.ts';
import type { CallCounter } from '../../src/engine/model/calls.ts';
import type { CatalogResource, CatalogTarget } from '../../src/engine/model/catalog.ts';
import { subjectOf } from '../../src/engine/model/subject.ts';
import type { World } from '../../src/engine/model/world.ts';
import { folderHost } from '../support/engine-host.ts';
import { at, declare, registryOf, testRun, testWorld, things } from '../support/engine-world.ts';
import { world as worldSays } from '../support/made-up.ts';

const target = (name: string): CatalogTarget => ({ name, type: 'aws', properties: {}, at: at() });
const { type } = things({ runs: { on: 'remote', target: 'aws' } });

function setUp(
  world: Partial<World> = {},
  targets = [target('dr')],
  resource: CatalogResource = declare('thing:a'),
) {
  const run = testRun([type], testWorld(world));
  const subject = subjectOf(resource, { registry: registryOf(type), targets, where: run.where });
  return { run, subject, io: readIo(run, subject) };
}
/** The clients are declared by their own modules; any name will do here. */
const clientOf = (io: ReturnType<typeof readIo>, name: string) =>
  io.client(name as never) as Promise<unknown>;

describe('clients', () => {
  test('connect once per target and name, and their calls are counted by target', async () => {
    let connected = 0;
    const connect = async (_: unknown, name: unknown, calls: CallCounter) => {
      connected++;
      return {
        call: () => {
          calls.made();
          calls.retried();
          return name;
        },
      };
    };
    const { run, subject, io } = setUp({ connect });
    const first = (await clientOf(io, 's3')) as { call(): string };
    expect(await clientOf(readIo(run, subject), 's3')).toBe(first);
    await clientOf(io, 'ec2');
    expect(connected).toBe(2);
    first.call();
    first.call();
    expect(run.calls.totals()).toEqual({ dr: { made: 2, retried: 2, throttled: 0 } });
  });

  test('one that could not connect is tried again later', async () => {
    let tries = 0;
    const connect = async () => {
      if (++tries === 1) throw new Failure(worldSays('unreachable', 'no answer'));
      return 'client';
    };
    const { io } = setUp({ connect });
    await expect(clientOf(io, 's3')).rejects.toThrow('no answer');
    expect(await clientOf(io, 's3')).toBe('client');
  });
});

describe('targets', () => {
  const named = (name: string) => declare('thing:a', {}, { target: name });
  test('the only one of its kind, the named one, or none', () => {
    const others = [target('a'), target('b')];
    expect(setUp().subject.target?.name).toBe('dr');
    expect(setUp({}, others, named('b')).subject.target?.name).toBe('b');
    expect(setUp({}, []).subject.target).toBeUndefined();
  });

  test('several without a name, and an unknown name, are mistakes', () => {
    expect(() => setUp({}, [target('a'), target('b')])).toThrow('several aws targets');
    expect(() => setUp({}, [target('a')], named('x'))).toThrow('there is no aws target `x`');
  });
});

describe('what a type may touch', () => {
  test('observing has no way to write, not even in plain JavaScript', () => {
    const { io } = setUp();
    expect(Object.keys(io.files).sort()).toEqual(['list', 'open', 'read', 'readlink', 'stat']);
    expect(io.memory).not.toHaveProperty('set');
    expect(io).not.toHaveProperty('step');
  });

  test('a secret is read from the world and known to the redactor from then on', async () => {
    const { io, run } = setUp({ secret: async () => 'very-secret' });
    expect(await io.secret({ $secret: 'env:X' })).toBe('very-secret');
    expect(run.redactor.text('it is very-secret')).toBe('it is ***');
  });

  test('what a program says is without secrets before a type sees it', async () => {
    const { host } = folderHost();
    const run = async () => ({
      exitCode: 0,
      stdout: 'two  blanks',
      stderr: 'e: two  blanks',
      timedOut: false,
    });
    const { io } = setUp({ host: { ...host, processes: { run } }, secret: async () => 'two  blanks' });
    await io.secret({ $secret: 'env:X' });
    expect(await io.run({ file: 'x', args: [] })).toEqual({
      exitCode: 0,
      stdout: '***',
      stderr: 'e: ***',
      timedOut: false,
    });
  });

  test('events carry no secret', async () => {
    const { run, subject } = setUp({ secret: async () => 'very-secret' });
    const io = writeIo(run, subject, run.signal, progress =>
      run.emit({ type: 'progress', address: 'thing:a', progress }),
    );
    io.progress({ what: `using ${await io.secret({ $secret: 'env:X' })}` });
    expect(run.events).toEqual([{ type: 'progress', address: 'thing:a', progress: { what: 'using ***' } }]);
  });

  test('a content source that is not there is a mistake in what was given', async () => {
    await expect(setUp().io.source('x')).rejects.toMatchObject({
      diagnostics: [{ code: 'source-not-found', category: 'given' }],
    });
  });
});
