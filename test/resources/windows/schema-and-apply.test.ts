import { describe, expect, test } from 'vitest';
import { iisAppPool } from '../../../src/resources/windows/iis/iis_app_pool.ts';
import { iisConfig } from '../../../src/resources/windows/iis/iis_config.ts';
import { iisSite } from '../../../src/resources/windows/iis/iis_site.ts';
import { registryValue } from '../../../src/resources/windows/registry_value.ts';
import { parseBinding } from '../../../src/windows/iis/bindings.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';

const where = { platform: 'win32', cwd: '' } as const;

describe('C12: what validation takes, apply can do', () => {
  test.each([
    [{ idle_timeout: '90s' }, "/idle_timeout: `idle_timeout` can't be 90s"],
    [{ idle_timeout: '31d' }, "/idle_timeout: `idle_timeout` can't be 31d"],
    [{ periodic_restart: { time: '1m30s' } }, "/periodic_restart/time: `time` can't be 1m30s"],
  ])('times of a pool that IIS refuses are refused: %j', (properties, named) => {
    expect(mistakesIn(iisAppPool, 'P', properties, where)).toContain(named);
  });

  test.each([
    { idle_timeout: '0s' },
    { idle_timeout: '30d' },
    { periodic_restart: { schedule: ['03:30:00'] } },
  ])('others are taken, also by IIS: %j', async properties => {
    const { world } = await windowsWorld(['IIS-WebServerRole']);
    const { results } = await converge([iisAppPool], world, [declare('iis_app_pool:P', properties)]);
    expect(results).toEqual(['changed']);
  });

  test('text of several lines is a value of the registry', async () => {
    const { world } = await windowsWorld();
    const value = declare('registry_value:HKLM\\SOFTWARE\\Cust\\Text', { value: 'a\nb' });
    expect((await converge([registryValue], world, [value])).results).toEqual(['changed']);
    expect((await converge([registryValue], world, [value])).actions).toEqual(['none']);
  });

  test('addresses of bindings and of rows have one form', async () => {
    expect(parseBinding('https/[FD00:0::7]:443:')).toEqual(parseBinding('https://[fd00::7]:443'));
    const { world } = await windowsWorld(['IIS-WebServerRole', 'IIS-IPSecurity']);
    const of = (ipAddress: string) =>
      declare('iis_config:system.webServer/security/ipSecurity', {
        path: 'Default Web Site',
        items: [{ ipAddress, allowed: true }],
      });
    await converge([iisConfig], world, [of('FD00:0::7')]);
    expect((await converge([iisConfig], world, [of('fd00::7')])).actions).toEqual(['none']);
  });

  test('bindings differ one by one', () => {
    const is = { bindings: ['https/*:443:a#0', 'http/*:80:', 'http/*:81:'] };
    const should = { bindings: ['https/*:443:a#1', 'http/*:80:', 'http/*:82:'] };
    expect(iisSite.diff!(is as never, should as never)).toEqual([
      { path: '/bindings/https~1*:443:a/ssl_flags', before: 0, after: 1 },
      { path: '/bindings/http~1*:81:', before: 'http/*:81:' },
      { path: '/bindings/http~1*:82:', after: 'http/*:82:' },
    ]);
  });
});
