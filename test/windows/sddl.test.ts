import { expect, test } from 'vitest';
import { writersIn } from '../../src/windows/security/sddl.ts';

test.each([
  ['administrators and the system alone', 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)', [], []],
  ['users that read', 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)', [], []],
  ['users that read, in words', 'O:SYG:SYD:(A;;FRFX;;;BU)(A;;GRGX;;;AU)', [], []],
  // As in ProgramData: users make files and folders, and what they make is theirs.
  [
    'users that make files',
    'O:SYG:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;CI;DCLCRPCR;;;BU)(A;OICI;0x1200a9;;;BU)',
    ['BU'],
    [],
  ],
  ['everybody in full', 'O:BAG:SYD:AI(A;OICIID;FA;;;WD)', ['WD'], ['WD']],
  [
    'the right to delete',
    'O:BAG:SYD:(A;;SD;;;S-1-5-21-1-2-3-1001)',
    ['S-1-5-21-1-2-3-1001'],
    ['S-1-5-21-1-2-3-1001'],
  ],
  [
    'another owner',
    'O:S-1-5-21-1-2-3-1001G:SYD:PAI(A;;FA;;;SY)',
    ['S-1-5-21-1-2-3-1001'],
    ['S-1-5-21-1-2-3-1001'],
  ],
  [
    'TrustedInstaller',
    'O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI(A;;FA;;;SY)',
    [],
    [],
  ],
  ['what is denied', 'O:BAG:SYD:(D;;FA;;;WD)(A;;FA;;;SY)', [], []],
  ['a condition', 'O:BAG:SYD:(XA;;FW;;;BU;(Member_of {SID(BA)}))', ['BU'], []],
  ['rights that are not known', 'O:BAG:SYD:(A;;ZZ;;;BU)', ['BU'], ['BU']],
  ['no list at all', 'O:BAG:SY', ['everybody'], ['everybody']],
  ['a list that controls nothing', 'O:BAG:SYD:NO_ACCESS_CONTROL', ['everybody'], ['everybody']],
  ['nothing', '', ['nobody known', 'everybody'], ['nobody known', 'everybody']],
])('%s', (_, sddl, change, replace) => {
  expect(writersIn(sddl)).toEqual({ change, replace });
});
