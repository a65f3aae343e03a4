import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { child, childrenNamed, textAt, type XmlElement, xsiType } from './xml.ts';

/**
 * A fault that the server raised, by its type name in the API (`NotAuthenticated`, `FileFault`).
 * It never reaches the user as it is: callers decide by `type`, or turn it into a Failure.
 */
export class VimFault extends Error {
  readonly type: string;
  readonly detail: XmlElement | undefined;
  constructor(type: string, message: string, detail: XmlElement | undefined) {
    super(message);
    this.type = type;
    this.detail = detail;
  }
}

/** The type of a thrown fault, or undefined for anything else that was thrown. */
export const faultType = (error: unknown): string | undefined =>
  error instanceof VimFault ? error.type : undefined;

/**
 * Reads `soapenv:Fault`. The type is the `xsi:type` of the detail's child; servers that leave it
 * out name the element `NotAuthenticatedFault`.
 */
export function readSoapFault(fault: XmlElement): VimFault {
  const detail = child(fault, 'detail')?.children[0];
  const type = xsiType(detail) ?? detail?.name.replace(/Fault$/, '') ?? 'UnknownFault';
  return new VimFault(type, textAt(fault, 'faultstring') ?? '', detail);
}

/** Reads a LocalizedMethodFault, as in `TaskInfo.error` and `MissingProperty.fault`. */
export function readLocalizedFault(element: XmlElement): VimFault {
  const fault = child(element, 'fault');
  return new VimFault(xsiType(fault) ?? 'UnknownFault', textAt(element, 'localizedMessage') ?? '', fault);
}

/** Keys of the fault's messages, such as `msg.snapshot.error-QUIESCINGERROR`; the same in every locale. */
export const messageKeys = (fault: VimFault): string[] =>
  childrenNamed(fault.detail, 'faultMessage').flatMap(m => textAt(m, 'key') ?? []);

const HINTS: Record<string, string> = {
  NotAuthenticated:
    'The session ended and a new login did not hold; look at the session limits of the server.',
  ManagedObjectNotFound:
    'The object was removed, or the VM was unregistered, while converge worked; run again.',
  TaskInProgress: 'Another operation works on the VM. Wait until it ends, then run again.',
  InsufficientStorageSpace: 'Free space on the datastore; a snapshot grows with every write of the guest.',
  NoDiskSpace: 'Free space on the datastore; a snapshot grows with every write of the guest.',
  TooManySnapshotLevels: 'Consolidate or remove snapshots that are no longer needed.',
  MultipleSnapshotsNotSupported: 'Remove the existing snapshot first.',
  InvalidPowerState: 'Bring the VM into another power state first.',
  RestrictedVersion: 'The licence of the host does not allow writing through the API.',
  MethodDisabled: 'Another product disabled this operation on the VM (vCenter shows which).',
};

/**
 * A fault as the user sees it. `doing` completes "vSphere refused to ...": it names the object.
 * A missing privilege is named with the object that it is missing on.
 */
export function faultFailure(fault: VimFault, doing: string): Failure {
  if (fault.type === 'NoPermission') {
    const missing = childrenNamed(child(fault.detail, 'missingPrivileges'), 'privilegeIds').map(p => p.text);
    const privilege = textAt(fault.detail, 'privilegeId') ?? missing.join(', ');
    const object = child(fault.detail, 'object') ?? child(child(fault.detail, 'missingPrivileges'), 'entity');
    const on = object ? ` on ${object.attributes.get('type') ?? 'object'} ${object.text}` : '';
    return new Failure(
      world(
        'vsphere-permission',
        `vSphere refused to ${doing}: privilege ${privilege || '(unnamed)'} is missing${on}.`,
        {
          hint: 'Give the user a role with that privilege there, propagating to children.',
        },
      ),
      { cause: fault },
    );
  }
  const said = fault.message.trim().replace(/\.$/, '');
  const hint = HINTS[fault.type];
  return new Failure(
    world(
      'vsphere-fault',
      own`vSphere refused to ${doing}: ${fault.type}${said ? ` (${said})` : ''}.`,
      hint ? { hint } : {},
    ),
    { cause: fault },
  );
}

/** Runs `work`; a fault that comes out of it becomes a Failure about `doing`. */
export async function explain<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof VimFault ? faultFailure(error, doing) : error;
  }
}
