/** Where a value of the registry is: `HKLM\\…`, and its name. */
export interface RegistryPlace {
  key: string;
  name: string;
}

const services = String.raw`HKLM\SYSTEM\CurrentControlSet\Services`;
const control = String.raw`HKLM\SYSTEM\CurrentControlSet\Control`;
const policies = String.raw`HKLM\SOFTWARE\Policies\Microsoft`;
const boot = String.raw`HKLM\BCD00000000\Objects`;

/** Values that are looked at, by what each is called here. Sources beside the facts that are made of them. */
export const values = {
  stornvme: { key: String.raw`${services}\stornvme`, name: 'Start' },
  stornvmeOverride: { key: String.raw`${services}\stornvme\StartOverride`, name: '0' },
  awsNvme: { key: String.raw`${services}\AWSNVMe`, name: 'Start' },
  awsNvmeOverride: { key: String.raw`${services}\AWSNVMe\StartOverride`, name: '0' },
  ena: { key: String.raw`${services}\ena`, name: 'Start' },
  dhcp: { key: String.raw`${services}\Dhcp`, name: 'Start' },
  sanPolicy: { key: String.raw`${services}\partmgr\Parameters`, name: 'SanPolicy' },
  ec2launch: { key: String.raw`${services}\Amazon EC2Launch`, name: 'Start' },
  ec2config: { key: String.raw`${services}\Ec2Config`, name: 'Start' },
  terminal: { key: String.raw`${services}\TermService`, name: 'Start' },
  denies: { key: String.raw`${control}\Terminal Server`, name: 'fDenyTSConnections' },
  deniesByPolicy: {
    key: String.raw`${policies}\Windows NT\Terminal Services`,
    name: 'fDenyTSConnections',
  },
  rdpPort: { key: String.raw`${control}\Terminal Server\WinStations\RDP-Tcp`, name: 'PortNumber' },
  product: { key: String.raw`${control}\ProductOptions`, name: 'ProductType' },
  kms: {
    key: String.raw`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform`,
    name: 'KeyManagementServiceName',
  },
  time: { key: String.raw`${services}\W32Time`, name: 'Start' },
  timeType: { key: String.raw`${services}\W32Time\Parameters`, name: 'Type' },
  timeServers: { key: String.raw`${services}\W32Time\Parameters`, name: 'NtpServer' },
  timeTypeByPolicy: { key: String.raw`${policies}\W32Time\Parameters`, name: 'Type' },
  timeServersByPolicy: { key: String.raw`${policies}\W32Time\Parameters`, name: 'NtpServer' },
  /** What the boot manager starts when nobody chooses: the id of a boot entry. */
  bootDefault: {
    key: String.raw`${boot}\{9dea862c-5cdd-4e70-acc1-f32b344d4795}\Elements\23000003`,
    name: 'Element',
  },
} as const satisfies Record<string, RegistryPlace>;

/** Whether a boot entry gives Windows' console to a serial port (`bcdedit /ems`): `01`. */
export const emsOf = (entry: string): RegistryPlace => ({
  key: `${boot}\\${entry}\\Elements\\260000b0`,
  name: 'Element',
});
