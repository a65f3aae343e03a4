import type { Claim } from '../../engine/model/resource-type.ts';
import { placeOf, type ValuePath } from './registry-data.ts';

/** One value of the registry, whichever type sets it. HKCR and HKCC only show what is kept below HKLM. */
export const registryClaim = ({ key, name }: ValuePath, pointer = ''): Claim => ({
  what: `the registry value ${placeOf({
    key: key
      .replace(/^HKCR(?=\\|$)/i, 'HKLM\\SOFTWARE\\Classes')
      .replace(/^HKCC(?=\\|$)/i, 'HKLM\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current'),
    name,
  })}`,
  pointer,
  evenAbsent: true,
});
