import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WriteIo } from '../../src/engine/model/io.ts';
import { readValues, removeValue, writeValue } from '../../src/windows/registry/registry.ts';
import { placeOf, type ValueData } from '../../src/windows/registry/registry-data.ts';
import { inGerman, windowsMachine } from '../lab/windows/fixture.ts';

const key = 'HKLM\\SOFTWARE\\Cust';

async function setUp() {
  const machine = await windowsMachine();
  const { host, lab } = machine;
  const io = {
    env: host.env,
    run: (command: Parameters<typeof host.processes.run>[0]) => host.processes.run(command),
    step: async () => {},
  } as unknown as WriteIo;
  const programs = async () => {
    const names = (await lab.processes()).map(({ program }) => program.split('\\').at(-1));
    await lab.forgetProcesses();
    return names;
  };
  return { ...machine, io, programs };
}

const text = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter(one => !one.includes('\0') && one.isWellFormed());
const value = fc.oneof(
  fc.record({ kind: fc.constantFrom('string' as const, 'expand' as const), data: text }),
  fc.record({
    kind: fc.constant('multi' as const),
    data: fc.array(
      text.filter(one => one !== '' && !/[|;]/.test(one)),
      { maxLength: 3 },
    ),
  }),
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map(data => ({ kind: 'dword' as const, data: String(data) })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(data => ({ kind: 'qword' as const, data: String(data) })),
  fc.uint8Array({ maxLength: 5 }).map(data => ({
    kind: 'binary' as const,
    data: Buffer.from(data).toString('hex').toUpperCase(),
  })),
);
const name = fc.constantFrom(
  '',
  'Level',
  'a    REG_SZ    b',
  'Größe',
  '(Default)',
  '(Standard)',
  'REG_DWORD',
);

test.each(['in English', 'in German'])('what is written is read as the same, %s', async language => {
  const { io } = await (language === 'in German' ? inGerman(setUp) : setUp());
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, value), { selector: ([one]) => one, maxLength: 4 }),
      async values => {
        const expected = new Map<string, ValueData>();
        for (const [one, data] of values) {
          await writeValue(io, { key, name: one }, data);
          expected.set(placeOf({ key, name: one }), data);
        }
        const seen = await readValues(
          io,
          values.map(([one]) => ({ key, name: one })),
        );
        expect(seen).toEqual(expected);
        for (const [one] of values) await removeValue(io, { key, name: one });
        expect(
          await readValues(
            io,
            values.map(([one]) => ({ key, name: one })),
          ),
        ).toEqual(new Map());
      },
    ),
    { numRuns: 25 },
  );
});

describe('processes', () => {
  test('one for a key, however many values; one more for all that the console can not print', async () => {
    const { io, programs } = await setUp();
    const names = ['a', 'b', 'c', 'd'];
    for (const one of names) await writeValue(io, { key, name: one }, { kind: 'string', data: one });
    await programs();
    await readValues(
      io,
      names.map(one => ({ key, name: one })),
    );
    expect(await programs()).toEqual(['reg.exe']);
    await writeValue(io, { key, name: 'b' }, { kind: 'string', data: 'größer' });
    await writeValue(io, { key, name: 'c' }, { kind: 'multi', data: ['x', 'y\\0z'] });
    await programs();
    const seen = await readValues(
      io,
      [...names, 'none'].map(one => ({ key, name: one })),
    );
    expect(await programs()).toEqual(['reg.exe', 'powershell.exe']);
    expect([...seen.values()].map(({ data }) => data)).toEqual(
      expect.arrayContaining(['a', 'größer', ['x', 'y\\0z'], 'd']),
    );
  });

  test('one for many keys', async () => {
    const { io, programs } = await setUp();
    const asked = ['a', 'b', 'c', 'd', 'e'].map(one => ({ key: `${key}\\${one}`, name: 'x' }));
    for (const one of asked.slice(0, 4)) await writeValue(io, one, { kind: 'dword', data: '7' });
    await programs();
    const seen = await readValues(io, asked);
    expect(await programs()).toEqual(['powershell.exe']);
    expect(seen).toEqual(new Map(asked.slice(0, 4).map(one => [placeOf(one), { kind: 'dword', data: '7' }])));
  });

  test('a number that is printed as none is read exactly', async () => {
    const { io, host } = await setUp();
    await writeValue(io, { key, name: 'a' }, { kind: 'dword', data: '5' });
    const run: WriteIo['run'] = async command => {
      const result = await host.processes.run(command);
      return { ...result, stdout: result.stdout.replace('0x5', '(null)') };
    };
    const seen = await readValues({ ...io, run }, [{ key, name: 'a' }]);
    expect(seen.get(placeOf({ key, name: 'a' }))).toEqual({ kind: 'dword', data: '5' });
  });

  test('a text on two lines is not taken for its first', async () => {
    const { io } = await setUp();
    await writeValue(io, { key, name: 'a' }, { kind: 'string', data: 'one\r\ntwo' });
    const seen = await readValues(io, [{ key, name: 'a' }]);
    expect(seen.get(placeOf({ key, name: 'a' }))).toEqual({ kind: 'string', data: 'one\r\ntwo' });
  });
});

test('what Windows refuses is told with the way out', async () => {
  const { io, lab } = await setUp();
  await lab.change({ elevated: false });
  await expect(writeValue(io, { key, name: 'a' }, { kind: 'string', data: '' })).rejects.toThrow(
    /the value a of HKLM\\SOFTWARE\\Cust can't be written/,
  );
});
