export type FeatureState =
  | 'Enabled'
  | 'Disabled'
  | 'Enable Pending'
  | 'Disable Pending'
  | 'Disabled with Payload Removed';

export interface Feature {
  /** Must be enabled first; `/all` does so. */
  parents: readonly string[];
  /** On a new machine. */
  initial: FeatureState;
  /** Enabling and disabling it ends with 3010 and a pending state. */
  needsRestart?: true;
}

/**
 * One line per feature: indented below its first parent, `+` further parents, `=` other than Disabled, `!`
 * restart.
 */
const tree = `
IIS-WebServerRole
  IIS-WebServer
    IIS-CommonHttpFeatures
      IIS-StaticContent
      IIS-DefaultDocument
      IIS-DirectoryBrowsing
      IIS-HttpErrors
      IIS-HttpRedirect
      IIS-WebDAV
    IIS-HealthAndDiagnostics
      IIS-HttpLogging
      IIS-LoggingLibraries
      IIS-RequestMonitor
      IIS-HttpTracing
      IIS-CustomLogging
      IIS-ODBCLogging
    IIS-Performance
      IIS-HttpCompressionStatic
      IIS-HttpCompressionDynamic
    IIS-Security
      IIS-RequestFiltering
      IIS-BasicAuthentication
      IIS-WindowsAuthentication
      IIS-DigestAuthentication
      IIS-ClientCertificateMappingAuthentication
      IIS-IISCertificateMappingAuthentication
      IIS-URLAuthorization
      IIS-IPSecurity
      IIS-CertProvider
    IIS-ApplicationDevelopment
      IIS-NetFxExtensibility +NetFx4Extended-ASPNET45
      IIS-NetFxExtensibility45 +NetFx4Extended-ASPNET45
      IIS-ISAPIExtensions
      IIS-ISAPIFilter
      IIS-ASPNET +IIS-ISAPIExtensions +IIS-ISAPIFilter +IIS-NetFxExtensibility
      IIS-ASPNET45 +IIS-ISAPIExtensions +IIS-ISAPIFilter +IIS-NetFxExtensibility45
      IIS-ASP +IIS-ISAPIExtensions
      IIS-CGI
      IIS-ServerSideIncludes
      IIS-WebSockets
      IIS-ApplicationInit
  IIS-WebServerManagementTools
    IIS-ManagementConsole
    IIS-ManagementScriptingTools
    IIS-ManagementService +IIS-WebServer +NetFx4Extended-ASPNET45
    IIS-IIS6ManagementCompatibility
      IIS-Metabase
      IIS-WMICompatibility
      IIS-LegacyScripts
      IIS-LegacySnapIn
  IIS-FTPServer
    IIS-FTPSvc
    IIS-FTPExtensibility
  IIS-HostableWebCore
WAS-WindowsActivationService
  WAS-ProcessModel
  WAS-ConfigurationAPI
  WAS-NetFxEnvironment
NetFx4ServerFeatures =Enabled
  NetFx4 =Enabled
  NetFx4Extended-ASPNET45
  WCF-Services45 =Enabled
    WCF-HTTP-Activation45 +IIS-ASPNET45
    WCF-TCP-PortSharing45 =Enabled
NetFx3ServerFeatures
  NetFx3 =Disabled with Payload Removed
MSMQ
  MSMQ-Services
    MSMQ-Server
Containers !
Microsoft-Hyper-V !
SMB1Protocol !
TelnetClient
TFTP
WindowsPowerShellRoot =Enabled
  MicrosoftWindowsPowerShell =Enabled
Windows-Defender =Enabled !
SNMP
FileAndStorage-Services =Enabled
  Storage-Services =Enabled
`;

/** Optional features of Windows Server 2022 by name, in the order in which dism lists them. */
export const known: ReadonlyMap<string, Feature> = readTree(tree);

function readTree(text: string): Map<string, Feature> {
  const features = new Map<string, Feature>();
  const above: string[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const depth = (line.length - line.trimStart().length) / 2;
    const [head = '', initial = 'Disabled'] = line.trim().replace(/ !$/, '').split(' =');
    const [name = '', ...further] = head.split(' +');
    above.splice(depth, above.length, name);
    features.set(name, {
      parents: [...above.slice(-2, -1), ...further],
      initial: initial as FeatureState,
      ...(line.endsWith('!') && { needsRestart: true as const }),
    });
  }
  return features;
}
