import type { TSchema } from 'typebox';
import { awsTarget } from '../aws/target.ts';
import type { AnyResourceType, Registry, TargetKind } from '../engine/model/resource-type.ts';
import { vsphereTarget } from '../vsphere/client/target.ts';
import { alertRoute } from './alerts/alert_route.ts';
import { bucket } from './aws/bucket.ts';
import { isolatedNetwork } from './aws/network/isolated_network.ts';
import { iamRole } from './aws/pilot/iam_role.ts';
import { securityGroup } from './aws/pilot/security_group.ts';
import { recoveryPlan } from './aws/recovery_plan.ts';
import { recoveryTarget } from './aws/recovery_target.ts';
import { archive } from './host/archive/archive.ts';
import { envPath } from './host/environment/env_path.ts';
import { environmentVariable } from './host/environment/environment_variable.ts';
import { exec } from './host/exec.ts';
import { download } from './host/fetch/download.ts';
import { file } from './host/file.ts';
import { gitCheckout } from './host/git/git_checkout.ts';
import { hostsEntry } from './host/hosts/hosts_entry.ts';
import { rawImage } from './host/raw_image.ts';
import { service } from './host/services/service.ts';
import { s3Sync } from './host/sync/s3_sync.ts';
import { timezone } from './host/timezone.ts';
import { leftSnapshots } from './vsphere/left_snapshots.ts';
import { protectedVm } from './vsphere/protected_vm.ts';
import { iisApp } from './windows/iis/iis_app.ts';
import { iisAppPool } from './windows/iis/iis_app_pool.ts';
import { iisConfig } from './windows/iis/iis_config.ts';
import { iisSite } from './windows/iis/iis_site.ts';
import { iisVdir } from './windows/iis/iis_vdir.ts';
import { registryValue } from './windows/registry_value.ts';
import { acl } from './windows/security/acl.ts';
import { certificate } from './windows/security/certificate.ts';
import { certificateBinding } from './windows/security/certificate_binding.ts';
import { firewallRule } from './windows/security/firewall_rule.ts';
import { packageType } from './windows/software/package.ts';
import { windowsFeature } from './windows/software/windows_feature.ts';
import { scheduledTask } from './windows/tasks/scheduled_task.ts';

/**
 * Types whose properties are described by their schema alone (`BuiltInType`); one that describes them a
 * second time, beside a schema that says anything, doesn't compile.
 */
export const builtIn = <const T extends readonly AnyResourceType[]>(
  ...types: {
    [At in keyof T]: TSchema extends T[At]['schema'] ? 'say BuiltInType<typeof schema, State>' : T[At];
  }
): AnyResourceType[] => [...(types as readonly AnyResourceType[])];

/**
 * A new resource type is one file and one name here; `test/engine/contract` then holds it to the contract.
 */
const types = builtIn(
  acl,
  alertRoute,
  archive,
  bucket,
  certificate,
  certificateBinding,
  download,
  environmentVariable,
  envPath,
  exec,
  file,
  firewallRule,
  gitCheckout,
  hostsEntry,
  iamRole,
  isolatedNetwork,
  iisApp,
  iisAppPool,
  iisConfig,
  iisSite,
  iisVdir,
  leftSnapshots,
  packageType,
  protectedVm,
  rawImage,
  recoveryPlan,
  recoveryTarget,
  registryValue,
  s3Sync,
  scheduledTask,
  securityGroup,
  service,
  timezone,
  windowsFeature,
);

const targets: TargetKind[] = [awsTarget, vsphereTarget];

export const registry: Registry = {
  types: new Map(types.map(type => [type.name, type])),
  targets: new Map(targets.map(kind => [kind.name, kind])),
};
