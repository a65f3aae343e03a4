import type { Claim } from '../../engine/model/resource-type.ts';
import { placeOf, type ValuePath } from './registry-data.ts';

/**
 * One value of the registry, whichever type sets it. HKCR and HKCC only show what is kept below HKLM, and so
 * does CurrentControlSet: a link to one of the numbered sets, the first one unless a boot fell back
 * ("Registry Trees for Devices and Drivers"). Programs of 32 bits have their classes below those of 64 bits,
 * whichever way they are named ("Registry Keys Affected by WOW64"), and .DEFAULT is Local System's profile
 * (Raymond Chen, "The .Default user is not the default user").
 */
export const registryClaim = ({ key, name }: ValuePath, pointer = ''): Claim => ({
  what: `the registry value ${placeOf({
    key: key
      .replace(/^HKCR(?=\\|$)/i, 'HKLM\\SOFTWARE\\Classes')
      .replace(/^HKLM\\SOFTWARE\\WOW6432Node\\Classes(?=\\|$)/i, 'HKLM\\SOFTWARE\\Classes\\WOW6432Node')
      .replace(/^HKU\\\.DEFAULT(?=\\|$)/i, 'HKU\\S-1-5-18')
      .replace(/^HKCC(?=\\|$)/i, 'HKLM\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current')
      .replace(/^HKLM\\SYSTEM\\ControlSet001(?=\\|$)/i, 'HKLM\\SYSTEM\\CurrentControlSet'),
    name,
  })}`,
  pointer,
  evenAbsent: true,
});
