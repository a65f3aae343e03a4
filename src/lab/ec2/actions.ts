import type { operationsOf } from '../aws-model/operations.ts';
import { attributeActions } from './instances/attributes.ts';
import { consoleActions } from './instances/console.ts';
import { describeInstanceActions } from './instances/describe-instances.ts';
import { instanceTypeActions } from './instances/instance-types.ts';
import { instanceActions } from './instances/instances.ts';
import { interfaceActions } from './instances/interfaces.ts';
import { replaceRootActions } from './instances/replace-root.ts';
import { templateActions } from './instances/templates.ts';
import { gatewayActions } from './network/gateways.ts';
import { groupActions } from './network/groups.ts';
import { keyPairActions } from './network/key-pairs.ts';
import { networkActions } from './network/network.ts';
import { networkMakeActions } from './network/network-make.ts';
import { routeActions } from './network/routes.ts';
import { imageActions } from './storage/images.ts';
import { importActions } from './storage/import-image.ts';
import { snapshotActions } from './storage/snapshots.ts';
import { volumeActions } from './storage/volumes.ts';
import { tagActions } from './tags.ts';
import type { Ec2Actions } from './world/call.ts';
import { encryptionActions } from './world/encryption.ts';

const all = {
  ...attributeActions,
  ...consoleActions,
  ...describeInstanceActions,
  ...encryptionActions,
  ...gatewayActions,
  ...groupActions,
  ...imageActions,
  ...importActions,
  ...instanceActions,
  ...interfaceActions,
  ...instanceTypeActions,
  ...keyPairActions,
  ...networkActions,
  ...networkMakeActions,
  ...replaceRootActions,
  ...routeActions,
  ...snapshotActions,
  ...tagActions,
  ...templateActions,
  ...volumeActions,
} satisfies Record<(typeof operationsOf.ec2)[number], Ec2Actions[string]>;

/** All that the lab's EC2 answers: what the extract of the model has, neither more nor less. */
export const ec2Actions: Ec2Actions = all;
