/** How a section is registered: who may set it, and whether lower levels may. */
export interface Registration {
  overrideModeDefault: 'Allow' | 'Deny';
  allowDefinition?: 'AppHostOnly' | 'MachineToApplication';
}

const HOST: Registration = { overrideModeDefault: 'Deny', allowDefinition: 'AppHostOnly' };
const DENY: Registration = { overrideModeDefault: 'Deny' };
const ALLOW: Registration = { overrideModeDefault: 'Allow' };
const application = (overrideModeDefault: 'Allow' | 'Deny'): Registration => ({
  overrideModeDefault,
  allowDefinition: 'MachineToApplication',
});

/** `configSections` of IIS 10's applicationHost.config, by section. */
export const REGISTRATIONS: Readonly<Record<string, Registration>> = {
  'system.applicationHost/applicationPools': HOST,
  'system.applicationHost/configHistory': HOST,
  'system.applicationHost/customMetadata': HOST,
  'system.applicationHost/listenerAdapters': HOST,
  'system.applicationHost/log': HOST,
  'system.applicationHost/serviceAutoStartProviders': HOST,
  'system.applicationHost/sites': HOST,
  'system.applicationHost/webLimits': HOST,
  'system.webServer/asp': DENY,
  'system.webServer/caching': ALLOW,
  'system.webServer/cgi': DENY,
  'system.webServer/defaultDocument': ALLOW,
  'system.webServer/directoryBrowse': ALLOW,
  'system.webServer/fastCgi': HOST,
  'system.webServer/globalModules': HOST,
  'system.webServer/handlers': DENY,
  'system.webServer/httpCompression': HOST,
  'system.webServer/httpErrors': ALLOW,
  'system.webServer/httpLogging': DENY,
  'system.webServer/httpProtocol': ALLOW,
  'system.webServer/httpRedirect': ALLOW,
  'system.webServer/httpTracing': DENY,
  'system.webServer/isapiFilters': application('Deny'),
  'system.webServer/modules': application('Deny'),
  'system.webServer/applicationInitialization': application('Allow'),
  'system.webServer/odbcLogging': DENY,
  'system.webServer/security/access': DENY,
  'system.webServer/security/applicationDependencies': DENY,
  'system.webServer/security/authentication/anonymousAuthentication': DENY,
  'system.webServer/security/authentication/basicAuthentication': DENY,
  'system.webServer/security/authentication/clientCertificateMappingAuthentication': DENY,
  'system.webServer/security/authentication/digestAuthentication': DENY,
  'system.webServer/security/authentication/iisClientCertificateMappingAuthentication': DENY,
  'system.webServer/security/authentication/windowsAuthentication': DENY,
  'system.webServer/security/authorization': ALLOW,
  'system.webServer/security/ipSecurity': DENY,
  'system.webServer/security/dynamicIpSecurity': DENY,
  'system.webServer/security/isapiCgiRestriction': HOST,
  'system.webServer/security/requestFiltering': ALLOW,
  'system.webServer/serverRuntime': DENY,
  'system.webServer/serverSideInclude': DENY,
  'system.webServer/staticContent': ALLOW,
  'system.webServer/tracing/traceFailedRequests': ALLOW,
  'system.webServer/tracing/traceProviderDefinitions': DENY,
  'system.webServer/urlCompression': ALLOW,
  'system.webServer/validation': ALLOW,
  'system.webServer/webSocket': DENY,
  'system.webServer/rewrite/rules': ALLOW,
  'system.webServer/rewrite/globalRules': HOST,
  'system.webServer/rewrite/outboundRules': ALLOW,
  'system.webServer/rewrite/providers': ALLOW,
  'system.webServer/rewrite/rewriteMaps': ALLOW,
  'system.webServer/rewrite/allowedServerVariables': DENY,
  'system.webServer/proxy': ALLOW,
};
