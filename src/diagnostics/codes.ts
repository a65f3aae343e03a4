import { alerts } from './codes/alerts.ts';
import { aws } from './codes/aws.ts';
import { commands } from './codes/commands.ts';
import { cycle } from './codes/cycle.ts';
import { engine } from './codes/engine.ts';
import { fleet } from './codes/fleet.ts';
import { host } from './codes/host.ts';
import { lab } from './codes/lab.ts';
import { manifest } from './codes/manifest.ts';
import type { Meanings } from './codes/meaning.ts';
import { network } from './codes/network.ts';
import { pilotLight } from './codes/pilot-light.ts';
import { queue } from './codes/queue.ts';
import { recovery } from './codes/recovery.ts';
import { repository } from './codes/repository.ts';
import { restore } from './codes/restore.ts';
import { retention } from './codes/retention.ts';
import { takingOver } from './codes/taking-over.ts';
import { vsphere } from './codes/vsphere.ts';
import { windows } from './codes/windows.ts';

/** All codes that converge itself uses, by the chapters of docs/codes.md. A run loads none of the texts. */
export const chapters = [
  { title: 'Reading manifests', codes: manifest },
  { title: 'Planning and applying', codes: engine },
  { title: 'Commands and their options', codes: commands },
  { title: 'vSphere', codes: vsphere },
  { title: 'AWS', codes: aws },
  { title: 'Proxies and authorities', codes: network },
  { title: 'Cycles of replication', codes: cycle },
  { title: 'Repositories, and what is damaged in them', codes: repository },
  { title: 'Out of a point', codes: restore },
  { title: 'Retention, prune and locks', codes: retention },
  { title: 'Alerts', codes: alerts },
  { title: 'The queue of agents and workers', codes: queue },
  { title: 'Networks, groups and roles of a recovery', codes: pilotLight },
  { title: 'Recovery in EC2', codes: recovery },
  { title: 'Taking over, and the way home', codes: takingOver },
  { title: 'Files, programs and downloads', codes: host },
  { title: 'Windows and IIS', codes: windows },
  { title: 'Signed content, instances and rollouts', codes: fleet },
  { title: 'The lab', codes: lab },
] as const satisfies readonly { title: string; codes: Meanings }[];

type KeysOf<T> = T extends unknown ? keyof T : never;

/** Stable, kebab-case name of a mistake that converge itself reports; a user's own type may have others. */
export type Code = KeysOf<(typeof chapters)[number]['codes']>;
