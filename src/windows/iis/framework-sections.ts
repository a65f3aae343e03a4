/**
 * Sections that the .NET Framework declares (FX_schema.xml, ASPNET_schema.xml): their root file is the
 * framework's web.config, which applicationHost.config is not part of for the one who reads them.
 */
const groups =
  /^(?:system\.(?:web|net|data|codedom|diagnostics|transactions|windows\.forms|xml\.serialization|servicemodel(?:\.\w+)?|runtime\.\w+|identitymodel(?:\.services)?|web\.extensions|configuration)|microsoft\.\w+|startup|runtime)(?:\/|$)/i;

const alone = new Set(['appsettings', 'connectionstrings', 'configprotecteddata']);

/** What appcmd takes without the group, where no section of IIS is called so. */
const short = new Set(
  (
    'anonymousIdentification browserCaps clientTarget compilation customErrors deployment deviceFilters ' +
    'fullTrustAssemblies globalization healthMonitoring hostingEnvironment httpCookies httpHandlers httpModules ' +
    'httpRuntime identity machineKey membership mobileControls outputCache outputCacheSettings pages ' +
    'partialTrustVisibleAssemblies processModel profile protocols roleManager securityPolicy sessionPageState ' +
    'sessionState siteMap smtp sqlCacheDependency trace trust urlMappings webControls webParts webServices ' +
    'xhtmlConformance'
  )
    .toLowerCase()
    .split(' '),
);

/** Whether the .NET Framework's web.config is the root file of a section, by its full or its short name. */
export function isFrameworkSection(name: string): boolean {
  const key = name.toLowerCase();
  return groups.test(key) || alone.has(key) || short.has(key);
}

export const ofFramework =
  "its root file is the .NET Framework's web.config: ASP.NET reads nothing of it from applicationHost.config";
