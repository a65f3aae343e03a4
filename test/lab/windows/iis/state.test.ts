import { describe, expect, test } from 'vitest';
import { servicesStarted } from '../../../../src/lab/windows/iis/host/runtime.ts';
import { type Host, iisHost, lines, run } from './fixture.ts';

const state = async (host: Host, object: string, name: string) =>
  (await lines(host, 'list', object, name, '/text:state'))[0];

describe('sites', () => {
  test('start and stop', async () => {
    const host = await iisHost();
    expect(await lines(host, 'stop', 'site', 'Default Web Site')).toEqual([
      '"Default Web Site" successfully stopped.',
    ]);
    expect(await state(host, 'site', 'Default Web Site')).toBe('Stopped');
    expect((await run(host, ['stop', 'site', '/site.name:Default Web Site'])).exitCode).toBe(0);
    await lines(host, 'start', 'site', 'default web site');
    expect(await state(host, 'site', 'Default Web Site')).toBe('Started');
  });

  test('one of two with an address runs', async () => {
    const host = await iisHost();
    expect((await run(host, ['add', 'site', '/name:b', '/bindings:http/*:80:'])).exitCode).toBe(0);
    expect(await state(host, 'site', 'b')).toBe('Stopped');
    expect(await run(host, ['start', 'site', 'b'])).toMatchObject({
      exitCode: 183,
      stdout:
        'ERROR ( hresult:800700b7, message:Command execution failed.\r\nCannot create a file when that file already exists.\r\n )\r\n',
    });
    expect(await state(host, 'site', 'b')).toBe('Stopped');
    await lines(host, 'stop', 'site', 'Default Web Site');
    expect((await run(host, ['start', 'site', 'b'])).exitCode).toBe(0);
  });

  test('a started site that takes over an address is stopped', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'site', '/name:b', '/bindings:http/*:81:');
    expect(await state(host, 'site', 'b')).toBe('Started');
    await lines(host, 'set', 'site', 'b', '/bindings:http/*:80:');
    expect(await state(host, 'site', 'b')).toBe('Stopped');
  });

  test('a site that doesn’t start by itself, and a new one of an old id', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'site', '/name:a', '/serverAutoStart:false');
    expect(await state(host, 'site', 'a')).toBe('Stopped');
    await lines(host, 'delete', 'site', 'a');
    await lines(host, 'add', 'site', '/name:b');
    expect(await lines(host, 'list', 'site', 'b')).toEqual(['SITE "b" (id:2,bindings:,state:Started)']);
  });
});

describe('pools', () => {
  test('start, stop and recycle, each only when it can be', async () => {
    const host = await iisHost();
    const pool = (verb: string) => run(host, [verb, 'apppool', 'DefaultAppPool']);
    expect((await pool('start')).exitCode).toBe(1056);
    expect((await pool('recycle')).stdout).toBe('"DefaultAppPool" successfully recycled.\r\n');
    expect((await pool('stop')).exitCode).toBe(0);
    expect(await state(host, 'apppool', 'DefaultAppPool')).toBe('Stopped');
    expect((await pool('stop')).exitCode).toBe(1062);
    expect((await pool('recycle')).exitCode).toBe(1062);
    expect((await pool('start')).exitCode).toBe(0);
  });

  test('a renamed pool stays stopped', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'apppool', '/name:a');
    await lines(host, 'stop', 'apppool', 'a');
    await lines(host, 'set', 'apppool', 'a', '/name:b');
    expect(await state(host, 'apppool', 'b')).toBe('Stopped');
  });
});

test('after a start of the services runs what starts by itself', async () => {
  const host = await iisHost();
  await lines(host, 'add', 'site', '/name:manual', '/serverAutoStart:false', '/bindings:http/*:81:');
  await lines(host, 'start', 'site', 'manual');
  await lines(host, 'stop', 'site', 'Default Web Site');
  await lines(host, 'stop', 'apppool', 'DefaultAppPool');
  await servicesStarted(host);
  expect(await state(host, 'site', 'manual')).toBe('Stopped');
  expect(await state(host, 'site', 'Default Web Site')).toBe('Started');
  expect(await state(host, 'apppool', 'DefaultAppPool')).toBe('Started');
});
