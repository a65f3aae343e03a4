/**
 * Types of converge that do what programs and cmdlets do which nothing here reads, by their names in lower
 * case: a leftover says what to declare. A test holds that each type is there.
 */
const types: Readonly<Record<string, readonly string[]>> = {
  acl: ['icacls', 'cacls', 'xcacls', 'set-acl'],
  archive: ['expand-archive', '7z', '7za', 'tar', 'unzip', 'expand'],
  certificate: ['certutil', 'import-pfxcertificate', 'import-certificate', 'certreq', 'winhttpcertcfg'],
  certificate_binding: ['new-webbinding', 'new-iissitebinding'],
  download: ['curl', 'wget', 'bitsadmin', 'invoke-webrequest', 'iwr', 'start-bitstransfer'],
  env_path: ['pathed'],
  file: ['copy', 'xcopy', 'robocopy', 'type', 'copy-item', 'set-content', 'add-content', 'out-file'],
  firewall_rule: ['set-netfirewallrule', 'remove-netfirewallrule', 'enable-netfirewallrule'],
  git_checkout: ['git'],
  iis_app: ['new-webapplication', 'convertto-webapplication', 'remove-webapplication'],
  iis_app_pool: ['new-webapppool', 'remove-webapppool', 'start-webapppool', 'stop-webapppool'],
  iis_config: [
    'set-webconfigurationproperty',
    'set-webconfiguration',
    'add-webconfigurationproperty',
    'add-webconfiguration',
    'clear-webconfiguration',
    'enable-webrequesttracing',
    'disable-webrequesttracing',
  ],
  iis_site: [
    'new-website',
    'remove-website',
    'start-website',
    'stop-website',
    'new-iissite',
    'set-webbinding',
  ],
  iis_vdir: ['new-webvirtualdirectory', 'remove-webvirtualdirectory'],
  package: ['msiexec', 'wusa', 'choco', 'install-package', 'winget'],
  registry_value: ['set-itemproperty', 'new-itemproperty', 'remove-itemproperty', 'regedit'],
  s3_sync: ['aws', 'read-s3object', 'copy-s3object'],
  scheduled_task: [
    'register-scheduledtask',
    'unregister-scheduledtask',
    'new-scheduledtask',
    'set-scheduledtask',
    'enable-scheduledtask',
    'disable-scheduledtask',
    'at',
  ],
  service: ['wmic', 'new-service'],
};

const byName = new Map(
  Object.entries(types).flatMap(([type, names]) => names.map(name => [name, type] as const)),
);

/** Every type that is named. */
export const namedTypes: readonly string[] = Object.keys(types);

/** Why a program or a cmdlet is left over, with the type that does what it does. */
export function notRead(program: string): string {
  const type = byName.get(program.toLowerCase());
  return type === undefined
    ? `converge has no type for ${program}`
    : `nothing here reads ${program}: declare what it does as \`${type}\``;
}
