import { createHash } from 'node:crypto';
import type { GroupRule } from '../../recovery/model/groups.ts';

/** On the template and its groups: whose they are. */
export const OWNER = 'converge:recovery-target';

/** EC2 takes letters, digits and ( ) . - / _, 3 to 128 of them; of two names that become alike the digest differs. */
export function templateName(vm: string): string {
  const plain = vm.replace(/[^\w().-]/g, '_').slice(0, 80);
  const digest = createHash('sha256').update(vm).digest('hex').slice(0, 8);
  return `converge-${plain}${plain === vm ? '' : `-${digest}`}`;
}

export const quarantineName = (vm: string): string => `${templateName(vm)}-quarantine`;
export const adminName = (vm: string): string => `${templateName(vm)}-admin`;

export const adminRules = (cidrs: readonly string[], port: 3389 | 22): GroupRule[] =>
  cidrs.map(peer => ({ egress: false, protocol: 'tcp', from: port, to: port, peer }));
