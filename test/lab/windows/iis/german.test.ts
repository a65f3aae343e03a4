import { expect, test } from 'vitest';
import { iisHost, run } from './fixture.ts';

const SITE = 'Default Web Site';
const COMMANDS = [
  ['list', 'site'],
  ['list', 'site', 'Nope'],
  ['list', 'elephant'],
  ['add', 'apppool', '/name:DefaultAppPool'],
  ['add', 'apppool', '/name:neu'],
  ['add', 'site', '/name:neu', '/physicalPath:C:\\neu'],
  ['add', 'app', '/path:/x'],
  ['set', 'site', 'Nope', '/id:3'],
  ['set', 'site', '/id:3'],
  ['set', 'apppool', 'DefaultAppPool', '/startMode:x'],
  ['set', 'apppool', 'DefaultAppPool', '/queueLength:1'],
  ['set', 'apppool', 'DefaultAppPool', '/nope:1'],
  ['set', 'site', SITE, "/-bindings.[protocol='x',bindingInformation='y']"],
  ['set', 'site', SITE, "/+bindings.[protocol='http',bindingInformation='*:80:']"],
  ['set', 'config', SITE, '/section:asp', '/codePage:1'],
  ['set', 'config', '/section:nope'],
  ['set', 'config', '/section:urlCompression', '/doDynamicCompression:true'],
  ['unlock', 'config', '/section:asp'],
  ['stop', 'site', SITE],
  ['start', 'apppool', 'DefaultAppPool'],
  ['add', 'backup', 'b'],
  ['add', 'backup', 'b'],
  ['set', 'site', 'Default', 'Web', 'Site'],
];

test('in German every message is another, every list and exit code the same', async () => {
  const [english, german] = [await iisHost('en'), await iisHost('de')];
  for (const args of COMMANDS) {
    const [en, de] = [await run(english, args), await run(german, args)];
    expect({ args, exitCode: de.exitCode }).toEqual({ args, exitCode: en.exitCode });
    if (args[0] === 'list' && en.exitCode < 2) expect(de.stdout).toBe(en.stdout);
    else expect(de.stdout).not.toBe(en.stdout);
    expect(de.stdout.startsWith('ERROR (')).toBe(en.stdout.startsWith('ERROR ('));
  }
});
