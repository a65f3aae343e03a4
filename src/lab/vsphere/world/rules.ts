import { checkFaultRule, type FaultKind, stillWaiting } from '../../model/fault-rule.ts';

/**
 * What to make go wrong. `times` counts the occasions on which a rule strikes (default 1); rules
 * without it hold until `clear`.
 */
export type FaultRule =
  /** Every session ends now. */
  | { kind: 'expire-sessions' }
  /** QueryChangedDiskAreas fails; `fault` defaults to FileFault. */
  | { kind: 'fail-query'; times?: number; fault?: string }
  /** A quiesced snapshot fails with ApplicationQuiesceFault. */
  | { kind: 'quiesce-fails'; times?: number }
  /** A guest that is asked to shut down goes on. */
  | { kind: 'guest-hangs'; times?: number }
  /** What a quiesced snapshot froze is a delta on the disk: the guest's writers have written to it. */
  | { kind: 'quiesced-delta'; times?: number }
  /** A task takes `ms` more; `method` as in `CreateSnapshot_Task`, default any. */
  | { kind: 'slow-task'; ms: number; method?: string; times?: number }
  /** A task does its work and is then unknown to the server. */
  | { kind: 'lost-task'; method?: string; times?: number }
  /** A task ends in error without doing its work; `fault` defaults to GenericVmConfigFault. */
  | { kind: 'fail-task'; method?: string; fault?: string; times?: number }
  /** A snapshot's removal succeeds but leaves its layers: runtime.consolidationNeeded. */
  | { kind: 'consolidation-needed'; times?: number }
  /** A datastore read goes wrong: body cut off, bits turned, fewer bytes than asked, 200 for 206, or 500. */
  | { kind: 'read'; how: 'truncated' | 'garbled' | 'short' | 'whole' | 'error'; times?: number }
  /** Most changed areas in one answer. */
  | { kind: 'page-limit'; areas: number }
  /** Most bytes that one answer speaks of: answers without any area become possible. */
  | { kind: 'page-span'; bytes: number }
  /** Changed areas are told in pieces of so many bytes. */
  | { kind: 'coarse'; bytes: number }
  /** What is free in the datastore. */
  | { kind: 'free-space'; bytes: number }
  /** What the host runs; default is what the lab's vCenter is of. */
  | { kind: 'host-build'; version: string; build: string }
  /** Change tracking leaves out the first area of an answer. */
  | { kind: 'cbt-lies'; times?: number }
  /** The file service has no disks, as that of a vSAN or vVol datastore. */
  | { kind: 'no-flat-files' }
  /** The VM's host, or its files, are away: `state` is a VirtualMachineConnectionState. */
  | { kind: 'vm-away'; state: string }
  /** No host reaches the datastore. */
  | { kind: 'datastore-away' }
  | { kind: 'missing-privilege'; privilege: string }
  /** What it tells for its time is so many milliseconds ahead of the lab's clock. */
  | { kind: 'clock-ahead'; ms: number }
  /** HTTP 503 to whatever comes. */
  | { kind: 'unavailable'; times?: number }
  /** Takes all rules back. */
  | { kind: 'clear' };

const kinds: Record<FaultRule['kind'], FaultKind> = {
  'expire-sessions': {},
  'fail-query': { takes: ['fault'] },
  'quiesce-fails': {},
  'guest-hangs': {},
  'quiesced-delta': {},
  'slow-task': { needs: ['ms'], takes: ['method'] },
  'lost-task': { takes: ['method'] },
  'fail-task': { takes: ['method', 'fault'] },
  'consolidation-needed': {},
  read: { needs: ['how'] },
  'page-limit': { needs: ['areas'] },
  'page-span': { needs: ['bytes'] },
  coarse: { needs: ['bytes'] },
  'free-space': { needs: ['bytes'] },
  'host-build': { needs: ['version', 'build'] },
  'cbt-lies': {},
  'no-flat-files': {},
  'vm-away': { needs: ['state'] },
  'datastore-away': {},
  'missing-privilege': { needs: ['privilege'] },
  'clock-ahead': { needs: ['ms'] },
  unavailable: {},
  clear: {},
};

type RuleOf<K extends FaultRule['kind']> = Extract<FaultRule, { kind: K }>;

interface Armed<R> {
  rule: R;
  left: number;
  /** A rule that isn't counted has been looked at: it holds until this lab is closed. */
  met: boolean;
}

export interface Rules {
  add(rule: FaultRule): void;
  /** Those that nothing was told about yet, each with the times that are left of it. */
  waiting(): FaultRule[];
  /** The first rule of the kind that fits, with one of its times used up. */
  strike<K extends FaultRule['kind']>(kind: K, fits?: (rule: RuleOf<K>) => boolean): RuleOf<K> | undefined;
  all<K extends FaultRule['kind']>(kind: K): RuleOf<K>[];
}

/** Throws a Failure from `add` for a rule that it doesn't know, since rules come from command lines. */
export function createRules(): Rules {
  let armed: Armed<FaultRule>[] = [];
  const ofKind = <K extends FaultRule['kind']>(kind: K) =>
    armed.filter((one): one is Armed<RuleOf<K>> => one.rule.kind === kind);
  return {
    add(rule) {
      checkFaultRule('vSphere', rule, kinds);
      if (rule.kind === 'clear') armed = [];
      else
        armed.push({ rule, left: 'times' in rule && rule.times !== undefined ? rule.times : 1, met: false });
    },
    waiting: () => stillWaiting(armed.filter(({ met }) => !met)),
    strike(kind, fits = () => true) {
      const found = ofKind(kind).find(one => fits(one.rule));
      if (!found) return undefined;
      if (--found.left <= 0) armed = armed.filter(one => one.rule !== found.rule);
      return found.rule;
    },
    all: kind =>
      ofKind(kind).map(one => {
        one.met = true;
        return one.rule;
      }),
  };
}
