import type { Moref } from '../soap/moref.ts';

/** Something in vSphere that a machine is put into. */
export interface Spot {
  moref: Moref;
  name: string;
  /** Below its datacenter, for people. */
  path: string;
}

export interface Network extends Spot {
  /** Of a port group of a distributed switch. */
  port?: { switchUuid: string; key: string };
}

/** Where a new machine is put. */
export interface Place {
  pool: Spot;
  folder: Spot;
  datastore: Spot;
  host?: Spot;
  /** One for each network card. */
  networks: Network[];
}
