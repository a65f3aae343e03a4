import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { canonicalNetwork } from '../../io/ip-address.ts';
import type { GroupRule } from '../../recovery/model/groups.ts';
import { sha256 } from '../../values/digest.ts';

/** On the template and its groups: whose they are. */
export const OWNER = 'converge:recovery-target';

/**
 * EC2 takes letters, digits and ( ) . - / _, 3 to 128 of them; of two names that become alike the digest
 * differs.
 */
export function templateName(vm: string): string {
  const plain = vm.replace(/[^\w().-]/g, '_').slice(0, 80);
  const digest = sha256(vm).slice(0, 8);
  return `converge-${plain}${plain === vm ? '' : `-${digest}`}`;
}

export const quarantineName = (vm: string): string => `${templateName(vm)}-quarantine`;
export const adminName = (vm: string): string => `${templateName(vm)}-admin`;

export const adminRules = (cidrs: readonly string[], port: 3389 | 22): GroupRule[] =>
  cidrs.map(one => {
    const peer = canonicalNetwork(one) ?? one;
    return { egress: false, protocol: 'tcp', from: port, to: port, peer };
  });

/** The state of a type that was chosen, while it is still the one that fits. */
export const sizeFits = 'fits the recorded machine';

export const foreign = (vm: string, template: string): Diagnostic =>
  world(
    'template-foreign',
    `the launch template ${templateName(vm)} (${template}) isn't converge's: it has no tag ${OWNER} of ${vm}`,
    { hint: `give it the tag ${OWNER}=${vm} if it is meant for this, or rename it` },
  );
