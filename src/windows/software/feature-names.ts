/**
 * Names of Install-WindowsFeature and what DISM calls them. The two lists are Windows' own; only what
 * concerns IIS and .NET is here, other names are DISM's already.
 */
const roles: Record<string, string[]> = {
  'Web-Server': ['IIS-WebServerRole', 'IIS-WebServer'],
  'Web-WebServer': ['IIS-WebServer'],
  'Web-Common-Http': ['IIS-CommonHttpFeatures'],
  'Web-Default-Doc': ['IIS-DefaultDocument'],
  'Web-Dir-Browsing': ['IIS-DirectoryBrowsing'],
  'Web-Http-Errors': ['IIS-HttpErrors'],
  'Web-Static-Content': ['IIS-StaticContent'],
  'Web-Http-Redirect': ['IIS-HttpRedirect'],
  'Web-DAV-Publishing': ['IIS-WebDAV'],
  'Web-Health': ['IIS-HealthAndDiagnostics'],
  'Web-Http-Logging': ['IIS-HttpLogging'],
  'Web-Custom-Logging': ['IIS-CustomLogging'],
  'Web-Log-Libraries': ['IIS-LoggingLibraries'],
  'Web-ODBC-Logging': ['IIS-ODBCLogging'],
  'Web-Request-Monitor': ['IIS-RequestMonitor'],
  'Web-Http-Tracing': ['IIS-HttpTracing'],
  'Web-Performance': ['IIS-Performance'],
  'Web-Stat-Compression': ['IIS-HttpCompressionStatic'],
  'Web-Dyn-Compression': ['IIS-HttpCompressionDynamic'],
  'Web-Security': ['IIS-Security'],
  'Web-Filtering': ['IIS-RequestFiltering'],
  'Web-Basic-Auth': ['IIS-BasicAuthentication'],
  'Web-CertProvider': ['IIS-CertProvider'],
  'Web-Client-Auth': ['IIS-ClientCertificateMappingAuthentication'],
  'Web-Digest-Auth': ['IIS-DigestAuthentication'],
  'Web-Cert-Auth': ['IIS-IISCertificateMappingAuthentication'],
  'Web-IP-Security': ['IIS-IPSecurity'],
  'Web-Url-Auth': ['IIS-URLAuthorization'],
  'Web-Windows-Auth': ['IIS-WindowsAuthentication'],
  'Web-App-Dev': ['IIS-ApplicationDevelopment'],
  'Web-Net-Ext': ['IIS-NetFxExtensibility'],
  'Web-Net-Ext45': ['IIS-NetFxExtensibility45'],
  'Web-AppInit': ['IIS-ApplicationInit'],
  'Web-ASP': ['IIS-ASP'],
  'Web-Asp-Net': ['IIS-ASPNET'],
  'Web-Asp-Net45': ['IIS-ASPNET45'],
  'Web-CGI': ['IIS-CGI'],
  'Web-ISAPI-Ext': ['IIS-ISAPIExtensions'],
  'Web-ISAPI-Filter': ['IIS-ISAPIFilter'],
  'Web-Includes': ['IIS-ServerSideIncludes'],
  'Web-WebSockets': ['IIS-WebSockets'],
  'Web-Mgmt-Console': ['IIS-ManagementConsole'],
  'Web-Mgmt-Service': ['IIS-ManagementService'],
  'Web-Scripting-Tools': ['IIS-ManagementScriptingTools'],
  'NET-Framework-Core': ['NetFx3'],
  'NET-Framework-45-ASPNET': ['NetFx4Extended-ASPNET45'],
};

const byName = new Map(Object.entries(roles).map(([role, names]) => [role.toLowerCase(), names]));

/** DISM's names of a feature, whichever of the two lists it was named from. */
export const dismNames = (name: string): string[] => byName.get(name.toLowerCase()) ?? [name];
