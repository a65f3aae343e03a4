import { policyOf } from '../../resources/aws/pilot/policies.ts';
import { PRIVILEGES, type Privilege } from '../../vsphere/inventory/privileges.ts';

/** What has to be granted for all that converge does in vSphere, and for what a mover does in AWS. */
export const privileges = (): { vsphere: readonly Privilege[]; policy: object } => ({
  vsphere: PRIVILEGES,
  policy: policyOf({ may: 'writer' }),
});
