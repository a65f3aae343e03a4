/** What a Windows feature, or an installer, adds to applicationHost.config. */
export interface Brings {
  /** Sections without the leading `system.webServer/`. */
  sections?: string[];
  /** Native modules: name and DLL below inetsrv. */
  modules?: [name: string, dll: string][];
  /** What a section holds at first, as children of `system.webServer`. */
  content?: string;
}

const auth = (name: string, module: string, dll: string): Brings => ({
  sections: [`security/authentication/${name}`],
  modules: [[module, dll]],
});

const types = (...names: string[]) =>
  names.map(name => `<add mimeType="${name}" enabled="${name !== '*/*'}" />`).join('');

const COMPRESSION = ['httpCompression', 'urlCompression'];
const scheme = '<scheme name="gzip" dll="%Windir%\\system32\\inetsrv\\gzip.dll" />';
const directory = 'directory="%SystemDrive%\\inetpub\\temp\\IIS Temporary Compressed Files"';

const errors = [401, 403, 404, 405, 406, 412, 500, 501, 502]
  .map(
    code =>
      `<error statusCode="${code}" prefixLanguageFilePath="%SystemDrive%\\inetpub\\custerr" path="${code}.htm" />`,
  )
  .join('');

const MIME = {
  '.css': 'text/css',
  '.gif': 'image/gif',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'application/javascript',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.woff': 'font/x-woff',
  '.xml': 'text/xml',
  '.zip': 'application/x-zip-compressed',
};
const mimeMaps = Object.entries(MIME)
  .map(([extension, type]) => `<mimeMap fileExtension="${extension}" mimeType="${type}" />`)
  .join('');

const forbidden = (names: string[]) =>
  names.map(name => `<add fileExtension="${name}" allowed="false" />`).join('');

/**
 * By the feature's name for DISM. The last two are not features but installers of their own.
 * Lists are shorter than IIS's where their length changes nothing.
 */
export const FEATURES: Readonly<Record<string, Brings>> = {
  'IIS-WebServer': {
    sections: [
      'caching',
      'globalModules',
      'handlers',
      'modules',
      'httpProtocol',
      'httpLogging',
      'serverRuntime',
      'validation',
      'security/access',
      'security/applicationDependencies',
      'security/isapiCgiRestriction',
      'security/authentication/anonymousAuthentication',
    ],
    modules: [
      ['HttpCacheModule', 'cachhttp.dll'],
      ['ProtocolSupportModule', 'protsup.dll'],
      ['AnonymousAuthenticationModule', 'authanon.dll'],
      ['HttpLoggingModule', 'loghttp.dll'],
    ],
    content:
      '<caching enabled="true" enableKernelCache="true" /><httpLogging dontLog="false" />' +
      '<httpProtocol><customHeaders><clear /><add name="X-Powered-By" value="ASP.NET" /></customHeaders>' +
      '<redirectHeaders><clear /></redirectHeaders></httpProtocol>' +
      '<security><access sslFlags="None" /><applicationDependencies />' +
      '<authentication><anonymousAuthentication enabled="true" userName="IUSR" /></authentication>' +
      '<isapiCgiRestriction /></security><serverRuntime /><validation />',
  },
  'IIS-DefaultDocument': {
    sections: ['defaultDocument'],
    modules: [['DefaultDocumentModule', 'defdoc.dll']],
    content:
      '<defaultDocument enabled="true"><files><add value="Default.htm" /><add value="Default.asp" />' +
      '<add value="index.htm" /><add value="index.html" /><add value="iisstart.htm" /></files></defaultDocument>',
  },
  'IIS-DirectoryBrowsing': {
    sections: ['directoryBrowse'],
    modules: [['DirectoryListingModule', 'dirlist.dll']],
    content: '<directoryBrowse enabled="false" />',
  },
  'IIS-HttpErrors': {
    sections: ['httpErrors'],
    modules: [['CustomErrorModule', 'custerr.dll']],
    content: `<httpErrors lockAttributes="allowAbsolutePathsWhenDelegated,defaultPath">${errors}</httpErrors>`,
  },
  'IIS-StaticContent': {
    sections: ['staticContent'],
    modules: [['StaticFileModule', 'static.dll']],
    content: `<staticContent lockAttributes="isDocFooterFileName">${mimeMaps}</staticContent>`,
  },
  'IIS-HttpRedirect': {
    sections: ['httpRedirect'],
    modules: [['HttpRedirectionModule', 'redirect.dll']],
    content: '<httpRedirect enabled="false" />',
  },
  'IIS-CustomLogging': { modules: [['CustomLoggingModule', 'logcust.dll']] },
  'IIS-ODBCLogging': { sections: ['odbcLogging'], content: '<odbcLogging />' },
  'IIS-HttpTracing': {
    sections: ['httpTracing', 'tracing/traceFailedRequests', 'tracing/traceProviderDefinitions'],
    modules: [
      ['TracingModule', 'iisetw.dll'],
      ['FailedRequestsTracingModule', 'iisfreb.dll'],
    ],
    content:
      '<httpTracing /><tracing><traceFailedRequests /><traceProviderDefinitions>' +
      '<add name="WWW Server" guid="{3a2a4e84-4c21-4981-ae10-3fda0d9b0f83}"><areas><clear />' +
      '<add name="Authentication" value="2" /><add name="Security" value="4" /><add name="Filter" value="8" />' +
      '<add name="StaticFile" value="16" /><add name="CGI" value="32" /><add name="Compression" value="64" />' +
      '<add name="Cache" value="128" /><add name="RequestNotifications" value="256" /><add name="Module" value="512" />' +
      '</areas></add></traceProviderDefinitions></tracing>',
  },
  'IIS-HttpCompressionStatic': {
    sections: COMPRESSION,
    modules: [['StaticCompressionModule', 'compstat.dll']],
    content:
      `<httpCompression ${directory}>${scheme}<staticTypes>` +
      `${types('text/*', 'message/*', 'application/javascript', 'application/atom+xml', 'application/xaml+xml', '*/*')}` +
      '</staticTypes></httpCompression><urlCompression />',
  },
  'IIS-HttpCompressionDynamic': {
    sections: COMPRESSION,
    modules: [['DynamicCompressionModule', 'compdyn.dll']],
    content:
      `<httpCompression ${directory}>${scheme}<dynamicTypes>` +
      `${types('text/*', 'message/*', 'application/x-javascript', 'application/javascript', '*/*')}` +
      '</dynamicTypes></httpCompression><urlCompression />',
  },
  'IIS-RequestFiltering': {
    sections: ['security/requestFiltering'],
    modules: [['RequestFilteringModule', 'modrqflt.dll']],
    content:
      '<security><requestFiltering><fileExtensions allowUnlisted="true" applyToWebDAV="true">' +
      `${forbidden(['.asa', '.asax', '.ascx', '.master', '.config', '.cs', '.csproj', '.vb', '.resx', '.mdb', '.mdf', '.ldf'])}` +
      '</fileExtensions><verbs allowUnlisted="true" applyToWebDAV="true" />' +
      '<hiddenSegments applyToWebDAV="true"><add segment="web.config" /><add segment="bin" />' +
      '<add segment="App_code" /><add segment="App_Data" /></hiddenSegments></requestFiltering></security>',
  },
  'IIS-BasicAuthentication': auth('basicAuthentication', 'BasicAuthenticationModule', 'authbas.dll'),
  'IIS-WindowsAuthentication': {
    ...auth('windowsAuthentication', 'WindowsAuthenticationModule', 'authsspi.dll'),
    content:
      '<security><authentication><windowsAuthentication enabled="false"><providers>' +
      '<add value="Negotiate" /><add value="NTLM" /></providers></windowsAuthentication></authentication></security>',
  },
  'IIS-DigestAuthentication': auth('digestAuthentication', 'DigestAuthenticationModule', 'authmd5.dll'),
  'IIS-ClientCertificateMappingAuthentication': auth(
    'clientCertificateMappingAuthentication',
    'CertificateMappingAuthenticationModule',
    'authcert.dll',
  ),
  'IIS-IISCertificateMappingAuthentication': auth(
    'iisClientCertificateMappingAuthentication',
    'IISCertificateMappingAuthenticationModule',
    'authmap.dll',
  ),
  'IIS-URLAuthorization': {
    sections: ['security/authorization'],
    modules: [['UrlAuthorizationModule', 'urlauthz.dll']],
    content: '<security><authorization><add accessType="Allow" users="*" /></authorization></security>',
  },
  'IIS-IPSecurity': {
    sections: ['security/ipSecurity', 'security/dynamicIpSecurity'],
    modules: [
      ['IpRestrictionModule', 'iprestr.dll'],
      ['DynamicIpRestrictionModule', 'diprestr.dll'],
    ],
    content:
      '<security><ipSecurity allowUnlisted="true" /><dynamicIpSecurity><denyByConcurrentRequests />' +
      '<denyByRequestRate /></dynamicIpSecurity></security>',
  },
  'IIS-CGI': {
    sections: ['cgi', 'fastCgi'],
    modules: [
      ['CgiModule', 'cgi.dll'],
      ['FastCgiModule', 'iisfcgi.dll'],
    ],
    content: '<cgi /><fastCgi />',
  },
  'IIS-ISAPIExtensions': { modules: [['IsapiModule', 'isapi.dll']] },
  'IIS-ISAPIFilter': {
    sections: ['isapiFilters'],
    modules: [['IsapiFilterModule', 'filter.dll']],
    content: '<isapiFilters />',
  },
  'IIS-ASP': {
    sections: ['asp'],
    content:
      '<asp><cache diskTemplateCacheDirectory="%SystemDrive%\\inetpub\\temp\\ASP Compiled Templates" /></asp>',
  },
  'IIS-ServerSideIncludes': {
    sections: ['serverSideInclude'],
    modules: [['ServerSideIncludeModule', 'iis_ssi.dll']],
    content: '<serverSideInclude ssiExecDisable="false" />',
  },
  'IIS-WebSockets': {
    sections: ['webSocket'],
    modules: [['WebSocketModule', 'iiswsock.dll']],
    content: '<webSocket />',
  },
  'IIS-ApplicationInit': {
    sections: ['applicationInitialization'],
    modules: [['ApplicationInitializationModule', 'warmup.dll']],
    content: '<applicationInitialization />',
  },
  'URL Rewrite': {
    sections: [
      'rewrite/rules',
      'rewrite/globalRules',
      'rewrite/outboundRules',
      'rewrite/providers',
      'rewrite/rewriteMaps',
      'rewrite/allowedServerVariables',
    ],
    modules: [['RewriteModule', 'rewrite.dll']],
  },
  'Application Request Routing': {
    sections: ['proxy'],
    modules: [['ApplicationRequestRouting', 'requestRouter.dll']],
    content: '<proxy enabled="false" />',
  },
};

/** Sections that every IIS has besides. */
export const HOST_SECTIONS = [
  'applicationPools',
  'configHistory',
  'customMetadata',
  'listenerAdapters',
  'log',
  'serviceAutoStartProviders',
  'sites',
  'webLimits',
].map(name => `system.applicationHost/${name}`);
