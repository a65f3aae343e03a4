import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argvOf, commandsOf } from '../../../src/adopt/commands/cmd-line.ts';

const argv = (line: string) => commandsOf(line).map(command => command.argv);

describe('a line of cmd', () => {
  test.each([
    ['tzutil /s "W. Europe Standard Time"', [['tzutil', '/s', 'W. Europe Standard Time']]],
    [
      'net stop a && net start a',
      [
        ['net', 'stop', 'a'],
        ['net', 'start', 'a'],
      ],
    ],
    [
      'type x | findstr "a|b"',
      [
        ['type', 'x'],
        ['findstr', 'a|b'],
      ],
    ],
    ['a "b & c" & d', [['a', 'b & c'], ['d']]],
    ['a ^& b c^ d', [['a', '&', 'b', 'c', 'd']]],
    ['@iisreset', [['iisreset']]],
  ])('%s', (line, expected) => {
    expect(argv(line)).toEqual(expected);
  });

  test.each(['', '  ', 'rem anything', ':: a note', ':label', '@echo off', 'REM', 'setlocal'])(
    '%j is not a command',
    line => {
      expect(commandsOf(line)).toEqual([]);
    },
  );

  test.each([
    ['iisreset >> C:\\Temp\\a.log 2>&1', 'C:\\Temp\\a.log'],
    ['iisreset >"C:\\a b\\c.log" 2>&1', 'C:\\a b\\c.log'],
    ['iisreset 2>nul >nul', 'nul'],
    ['iisreset > C:\\x', 'C:\\x'],
    ['iisreset 2>&1', undefined],
  ])('%s redirects, which is not an argument', (line, output) => {
    expect(commandsOf(line).map(({ argv, output }) => [argv, output])).toEqual([[['iisreset'], output]]);
  });

  test('a digit that ends an argument is not a handle', () => {
    expect(argv('sc config a1>nul')).toEqual([['sc', 'config', 'a1']]);
  });

  test('quotes inside an argument, a caret outside them: the rewrite rule of the AWS sample', () => {
    const line = String.raw`C:\inetsrv\appcmd.exe set config "Default Web Site" -section:system.webServer/rewrite/rules /"[name='R'].match.url:"^^(.*)$"" >> C:\x.log 2>&1`;
    expect(argv(line)).toEqual([
      [
        String.raw`C:\inetsrv\appcmd.exe`,
        'set',
        'config',
        'Default Web Site',
        '-section:system.webServer/rewrite/rules',
        "/[name='R'].match.url:^(.*)$",
      ],
    ]);
  });
});

describe('arguments', () => {
  // Microsoft, "Parsing C++ command-line arguments": the table of results.
  test.each([
    ['"abc" d e', ['abc', 'd', 'e']],
    [String.raw`a\\\b d"e f"g h`, [String.raw`a\\\b`, 'de fg', 'h']],
    [String.raw`a\\\"b c d`, [String.raw`a\"b`, 'c', 'd']],
    [String.raw`a\\\\"b c" d e`, [String.raw`a\\b c`, 'd', 'e']],
    ['a"b"" c d', ['ab" c d']],
    ['a "" b', ['a', '', 'b']],
  ])('%s', (text, expected) => {
    expect(argvOf(text)).toEqual(expected);
  });

  test('quoted by the rule of CommandLineToArgvW come back as they were', () => {
    const quote = (text: string) => `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
    const some = fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\t', "'", 'é') }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(some, given => {
        expect(argvOf(given.map(quote).join(' '))).toEqual(given);
      }),
    );
  });
});
