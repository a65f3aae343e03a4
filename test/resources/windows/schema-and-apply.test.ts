import { describe, expect, test } from 'vitest';
import { iisApp } from '../../../src/resources/windows/iis/iis_app.ts';
import { iisAppPool } from '../../../src/resources/windows/iis/iis_app_pool.ts';
import { iisConfig } from '../../../src/resources/windows/iis/iis_config.ts';
import { iisSite } from '../../../src/resources/windows/iis/iis_site.ts';
import { registryValue } from '../../../src/resources/windows/registry_value.ts';
import { firewallRule } from '../../../src/resources/windows/security/firewall_rule.ts';
import { scheduledTask } from '../../../src/resources/windows/tasks/scheduled_task.ts';
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
    [
      { set: { 'processModel.idleTimeout': '90s' } },
      "/set/processModel.idleTimeout: `processModel.idleTimeout` can't be 90s",
    ],
    [
      { set: { 'processModel.shutdownTimeLimit': '00:00:00.5' } },
      "`processModel.shutdownTimeLimit` can't be 00:00:00.5",
    ],
    [{ set: { 'cpu.resetInterval': 5 } }, "`cpu.resetInterval` can't be 5: IIS takes it as a time span"],
  ])('so is what is no time span in `set`: %j', (properties, named) => {
    expect(mistakesIn(iisAppPool, 'P', properties, where)).toContain(named);
  });

  test.each([
    [iisSite, 'Six', "[path='/'].preloadEnabled", 'an attribute of the object itself'],
    [iisSite, 'Six', "[path='/'].[path='/'].logonMethod", 'an attribute of the object itself'],
    [iisSite, 'Six', '/commit', 'an attribute of the object itself'],
    [iisSite, 'Six', 'commit', 'an attribute of the object itself'],
    [iisSite, 'Six', 'logFile.period:Daily', 'an attribute of the object itself'],
    [iisSite, 'Six', 'NAME', 'another name'],
    [iisSite, 'Six', 'Bindings', 'a property of its own'],
    [iisSite, 'Six', 'site.name', 'which object'],
    [iisApp, 'Six/a', "[path='/'].physicalPath", 'an attribute of the object itself'],
    [iisApp, 'Six/a', 'path', 'another name'],
    [iisApp, 'Six/a', 'physicalPath', 'a property of its own'],
    [iisAppPool, 'P', "recycling.periodicRestart.schedule.[value='03:00:00'].value", 'an attribute of'],
    [iisAppPool, 'P', 'name', 'another name'],
  ])('`set` names attributes of the object alone: $1 $2', (type, title, name, why) => {
    const said = mistakesIn(type, title, { set: { [name]: 'x' } }, where);
    expect(said).toContain(`\`${name}\` in \`set\``);
    expect(said).toContain(why);
  });

  test('what an application has without `set` is said where it is refused', () => {
    const mistakes = iisSite.check!({ set: { "[path='/'].preloadEnabled": false } }, 'Six', where);
    expect(mistakes.map(({ hint }) => hint).join()).toContain('`iis_app`');
  });

  test.each([
    ['applicationPools', { attributes: { 'applicationPoolDefaults.processModel.idleTimeout': '90s' } }],
    [
      'system.applicationHost/applicationPools',
      { attributes: { 'applicationPoolDefaults.cpu.resetInterval': '2.00:00:00' } },
    ],
    [
      'system.applicationHost/applicationPools',
      { items: [{ name: 'P', 'processModel.idleTimeout': '00:00:30' }] },
    ],
    [
      'system.applicationHost/sites',
      { attributes: { 'siteDefaults.limits.connectionTimeout': '1.00:00:00' } },
    ],
  ])('and in the section %s: %j', (section, properties) => {
    const found = mistakesIn(iisConfig, section, properties, where);
    expect(found).toContain("can't be");
    expect(found).toContain('IIS ');
  });

  test.each([
    ['system.applicationHost/webLimits', { connectionTimeout: '90s' }],
    ['webLimits', { headerWaitTimeout: 0 }],
    ['staticContent', { 'clientCache.cacheControlMaxAge': '5m' }],
    ['system.webServer/cgi', { timeout: '00:00:00' }],
  ])('and of any other section: %s %j', (section, attributes) => {
    expect(mistakesIn(iisConfig, section, { attributes }, where)).toContain("can't be");
  });

  test.each([
    [iisAppPool, 'iis_app_pool:P', { set: { autoStart: 0 } }],
    [iisAppPool, 'iis_app_pool:P', { set: { 'failure.rapidFailProtection': '1' } }],
    [iisAppPool, 'iis_app_pool:P', { set: { 'cpu.limit': '05' } }],
    [iisAppPool, 'iis_app_pool:P', { set: { queueLength: '0x400' } }],
    [iisSite, 'iis_site:Default Web Site', { set: { 'logFile.logFormat': 'w3c' } }],
    [iisConfig, 'iis_config:log', { attributes: { logInUTF8: 1 } }],
    [iisConfig, 'iis_config:sites', { attributes: { 'siteDefaults.logFile.logFormat': 'w3c' } }],
  ])('a value that IIS writes in another form is the same: %#', async (type, address, properties) => {
    const { world } = await windowsWorld(['IIS-WebServerRole']);
    await converge([type], world, [declare(address, properties)]);
    expect((await converge([type], world, [declare(address, properties)])).actions).toEqual(['none']);
  });

  test.each([
    { command: ' c:\\x.exe' },
    { command: 'c:\\x.exe', arguments: 'trail  ' },
    { command: 'c:\\x.exe', arguments: '  lead' },
  ])('blanks that Windows drops are no part of a task: %j', properties => {
    expect(mistakesIn(scheduledTask, 'T', properties, where)).toContain('blanks around');
  });

  test('a time span of the section that IIS takes is taken', () => {
    const attributes = { 'applicationPoolDefaults.processModel.idleTimeout': '1.05:00:00' };
    expect(mistakesIn(iisConfig, 'system.applicationHost/applicationPools', { attributes }, where)).toBe('');
  });

  test.each([
    ['10.0.0.9-10.0.0.1', 'a range that goes backwards'],
    ['fd00::2-fd00::1', 'and one of IPv6'],
    ['10.0.0.0/255.0.255.0', 'a mask with a hole'],
    ['010.0.0.1', 'a part that may be octal'],
  ])('the firewall is not given %s: %s', address => {
    expect(mistakesIn(firewallRule, 'R', { action: 'allow', remote_address: address }, where)).toContain(
      `\`${address}\` in \`remote_address\` is not an address`,
    );
  });

  test.each([
    '10.0.0.1-10.0.0.9',
    '10.0.0.1-10.0.0.1',
    'fd00::1-fd00:0::2',
    '10.0.0.0/255.255.0.0',
    '10.0.0.0/0.0.0.0',
  ])('it is given %s', address => {
    expect(mistakesIn(firewallRule, 'R', { action: 'allow', remote_address: address }, where)).toBe('');
  });

  test.each([
    'http/10.0.0.01:80:',
    'http/1:80:',
    'https/[fd00:::7]:443:',
    'http://010.0.0.1:80',
    'http/10.0.0:80:',
  ])('the address of the binding %s is none', written => {
    expect(parseBinding(written)).toBeUndefined();
  });

  test.each(['RPC', 'RPC-EPMap', 'IPHTTPS'])('ports by their name are taken: %s', async name => {
    const { world } = await windowsWorld();
    const rule = declare('firewall_rule:R', { action: 'allow', protocol: 'tcp', local_port: name });
    expect((await converge([firewallRule], world, [rule])).results).toEqual(['changed']);
    expect((await converge([firewallRule], world, [rule])).actions).toEqual(['none']);
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
