import { canonicalValue } from './settings.ts';

/**
 * What IIS and its features write into applicationHost.config by themselves, so that adopting a host doesn't
 * repeat it. Facts of Windows Server's own files; one that is missing here only makes a manifest longer.
 */
const attributes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'system.applicationHost/applicationPools': {
    'applicationPoolDefaults.managedRuntimeVersion': 'v4.0',
    'applicationPoolDefaults.processModel.identityType': 'ApplicationPoolIdentity',
    'applicationPoolDefaults.processModel.loadUserProfile': 'true',
    'applicationPoolDefaults.processModel.setProfileEnvironment': 'false',
  },
  'system.applicationHost/log': {
    'centralBinaryLogFile.enabled': 'true',
    'centralBinaryLogFile.directory': '%SystemDrive%\\inetpub\\logs\\LogFiles',
    'centralW3CLogFile.enabled': 'true',
    'centralW3CLogFile.directory': '%SystemDrive%\\inetpub\\logs\\LogFiles',
  },
  'system.applicationHost/sites': {
    'siteDefaults.logFile.logFormat': 'W3C',
    'siteDefaults.logFile.directory': '%SystemDrive%\\inetpub\\logs\\LogFiles',
    'siteDefaults.traceFailedRequestsLogging.directory': '%SystemDrive%\\inetpub\\logs\\FailedReqLogFiles',
    'applicationDefaults.applicationPool': 'DefaultAppPool',
    'virtualDirectoryDefaults.allowSubDirConfig': 'true',
  },
  'system.webServer/asp': {
    'cache.diskTemplateCacheDirectory': '%SystemDrive%\\inetpub\\temp\\ASP Compiled Templates',
  },
  'system.webServer/caching': { enabled: 'true', enableKernelCache: 'true' },
  'system.webServer/defaultDocument': { enabled: 'true' },
  'system.webServer/directoryBrowse': { enabled: 'false', showFlags: 'Date, Time, Size, Extension' },
  'system.webServer/handlers': { accessPolicy: 'Read, Script' },
  'system.webServer/httpCompression': {
    directory: '%SystemDrive%\\inetpub\\temp\\IIS Temporary Compressed Files',
  },
  'system.webServer/httpLogging': { dontLog: 'false' },
  'system.webServer/httpRedirect': { enabled: 'false' },
  'system.webServer/proxy': { enabled: 'false' },
  'system.webServer/security/access': { sslFlags: 'None' },
  'system.webServer/security/authentication/anonymousAuthentication': { enabled: 'true', userName: 'IUSR' },
  'system.webServer/security/authentication/basicAuthentication': { enabled: 'false' },
  'system.webServer/security/authentication/digestAuthentication': { enabled: 'false' },
  'system.webServer/security/authentication/windowsAuthentication': { enabled: 'false' },
  'system.webServer/security/ipSecurity': { allowUnlisted: 'true' },
  'system.webServer/security/isapiCgiRestriction': {
    notListedIsapisAllowed: 'false',
    notListedCgisAllowed: 'false',
  },
  'system.webServer/security/requestFiltering': {
    'fileExtensions.allowUnlisted': 'true',
    'fileExtensions.applyToWebDAV': 'true',
    'verbs.allowUnlisted': 'true',
    'verbs.applyToWebDAV': 'true',
    'hiddenSegments.applyToWebDAV': 'true',
  },
  'system.webServer/serverSideInclude': { ssiExecDisable: 'false' },
};

/** Whether IIS itself writes this value there, at the level of the server. */
export const isShippedValue = (section: string, name: string, value: string | number | boolean): boolean => {
  const shipped = attributes[section]?.[name];
  return shipped !== undefined && canonicalValue(shipped) === canonicalValue(value);
};

/** Rows that IIS ships, by `SECTION COLLECTION`: their key, its values, and what else they have. */
const rows: Readonly<
  Record<string, { key: string; values: ReadonlySet<string>; rest?: [string, string | boolean] }>
> = {
  'system.webServer/defaultDocument files': {
    key: 'value',
    values: words('Default.htm Default.asp index.htm index.html iisstart.htm default.aspx'),
  },
  'system.webServer/httpProtocol customHeaders': {
    key: 'name',
    values: words('X-Powered-By'),
    rest: ['value', 'ASP.NET'],
  },
  'system.webServer/security/authentication/windowsAuthentication providers': {
    key: 'value',
    values: words('Negotiate NTLM'),
  },
  'system.webServer/security/requestFiltering hiddenSegments': {
    key: 'segment',
    values: words(
      'web.config bin App_code App_GlobalResources App_LocalResources App_WebReferences App_Data App_Browsers',
    ),
  },
  'system.webServer/security/requestFiltering fileExtensions': {
    key: 'fileExtension',
    values: words(
      '.asa .asax .ascx .master .skin .browser .sitemap .config .cs .csproj .vb .vbproj .webinfo .licx .resx ' +
        '.resources .mdb .vjsproj .java .jsl .ldb .dsdgm .ssdgm .lsad .ssmap .cd .dsprototype .lsaprototype .sdm ' +
        '.sdmDocument .mdf .ldf .ad .dd .ldd .sd .adprototype .lddprototype .exclude .refresh .compiled .msgx ' +
        '.vsdisco .rules',
    ),
    rest: ['allowed', false],
  },
};

function words(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().split(' '));
}

/** Whether IIS itself ships this row, as it is. */
export function isShippedRow(
  section: string,
  collection: string,
  row: Readonly<Record<string, unknown>>,
): boolean {
  const known = rows[`${section} ${collection}`];
  return (
    known?.values.has(String(row[known.key]).toLowerCase()) === true &&
    Object.entries(row).every(
      ([name, value]) => name === known.key || (name === known.rest?.[0] && value === known.rest[1]),
    )
  );
}

/** Sections with many rows of IIS's own, which can't be told from those of people. */
const mixed = new Set(
  [
    'globalModules',
    'handlers',
    'httpCompression',
    'httpErrors',
    'isapiFilters',
    'modules',
    'security/applicationDependencies',
    'staticContent',
    'tracing/traceProviderDefinitions',
  ].map(name => `system.webServer/${name}`),
);
export const hasMixedRows = (section: string): boolean => mixed.has(section);

/** Whether IIS has rows of its own in the section or one of its collections. */
export const shipsRows = (section: string): boolean =>
  mixed.has(section) || Object.keys(rows).some(key => key.startsWith(`${section} `));

/** Sections that IIS unlocks for all sites by itself. */
export const isShippedUnlocked = (section: string): boolean =>
  ['system.webServer/handlers', 'system.webServer/modules'].includes(section);
