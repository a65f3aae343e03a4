import type { Claim } from '../../engine/model/resource-type.ts';
import { placeOf, type ValuePath } from './registry-data.ts';

/**
 * One value of the registry, whichever type sets it. HKCR and HKCC only show what is kept below HKLM, and so
 * does CurrentControlSet: a link to one of the numbered sets, the first one unless a boot fell back
 * ("Registry Trees for Devices and Drivers").
 */
export const registryClaim = ({ key, name }: ValuePath, pointer = ''): Claim => ({
  what: `the registry value ${placeOf({
    key: key
      .replace(/^HKCR(?=\\|$)/i, 'HKLM\\SOFTWARE\\Classes')
      .replace(/^HKCC(?=\\|$)/i, 'HKLM\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current')
      .replace(/^HKLM\\SYSTEM\\ControlSet001(?=\\|$)/i, 'HKLM\\SYSTEM\\CurrentControlSet'),
    name,
  })}`,
  pointer,
  evenAbsent: true,
});
