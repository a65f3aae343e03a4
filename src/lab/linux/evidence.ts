import type { Evidence } from '../model/evidence.ts';

const SYSTEMCTL = 'systemctl(1)';

/** What the programs of the lab's Linux host do, and how we know that those of a real one do it too. */
export const evidence: Evidence[] = [
  {
    behaviour:
      'systemctl show prints a block of NAME=VALUE for each unit, in their order, with an empty line between',
    evidence: 'quoted',
    source: SYSTEMCTL,
  },
  {
    behaviour: 'a unit that is not there is LoadState=not-found, and showing it is not an error',
    evidence: 'quoted',
    source: SYSTEMCTL,
  },
  {
    behaviour: 'starting a unit that is not there ends with 5, enabling one with 1',
    evidence: 'quoted',
    source: SYSTEMCTL,
  },
  {
    behaviour: 'timedatectl show prints the zone, and set-timezone refuses one that is not installed with 1',
    evidence: 'quoted',
    source: 'timedatectl(1); the lab knows zones by their continent alone',
  },
  {
    behaviour: 'a masked unit can be neither started nor enabled; unmask gives it back as it was',
    evidence: 'believed',
    source: 'not tried; systemd below another root was not at hand',
  },
  {
    behaviour:
      'update-grub writes what GRUB_CMDLINE_LINUX of /etc/default/grub.d says into each line of a kernel',
    evidence: 'believed',
    source: "update-grub(8) of Debian; only the words that are added are the lab's, no file is made anew",
  },
  {
    behaviour:
      "update-initramfs, dracut and grubby end with 0 and do nothing: the lab's hosts have no kernel",
    evidence: 'believed',
    source: 'not tried: the real ones need the modules of an installed kernel',
  },
];
