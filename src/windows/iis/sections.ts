/** What tells rows of a collection apart, with the value that IIS assumes where one is left out. */
export type Key = readonly (string | readonly [name: string, assumed: string])[];

export interface Section {
  /** `system.webServer/security/ipSecurity` */
  name: string;
  /**
   * DISM's names of the features that bring it, each by itself; empty where IIS alone does, or another
   * product.
   */
  features: readonly string[];
  /** Keys of its collections by their path; '' is the section's own, `conditions` one of its rows'. */
  keys: Readonly<Record<string, Key>>;
}

const web = (path: string, keys: Readonly<Record<string, Key>> = {}, ...features: string[]): Section => ({
  name: `system.webServer/${path}`,
  keys,
  features,
});

const name: Key = ['name'];

/** Facts of IIS's own schema about the sections that people configure; others need `key:` for rows. */
const sections: readonly Section[] = [
  { name: 'system.applicationHost/sites', keys: { '': name }, features: [] },
  { name: 'system.applicationHost/applicationPools', keys: { '': name }, features: [] },
  { name: 'system.applicationHost/log', keys: {}, features: [] },
  { name: 'system.applicationHost/webLimits', keys: {}, features: [] },
  web(
    'security/ipSecurity',
    { '': ['ipAddress', ['subnetMask', '255.255.255.255'], ['domainName', '']] },
    'IIS-IPSecurity',
  ),
  web('security/authentication/anonymousAuthentication'),
  web('security/authentication/basicAuthentication', {}, 'IIS-BasicAuthentication'),
  web('security/authentication/windowsAuthentication', { providers: ['value'] }, 'IIS-WindowsAuthentication'),
  web(
    'security/authentication/iisClientCertificateMappingAuthentication',
    { oneToOneMappings: ['certificate'], manyToOneMappings: name },
    'IIS-IISCertificateMappingAuthentication',
  ),
  web('security/authentication/digestAuthentication', {}, 'IIS-DigestAuthentication'),
  web('security/access'),
  web(
    'security/authorization',
    {
      '': [
        ['users', ''],
        ['roles', ''],
        ['verbs', ''],
      ],
    },
    'IIS-URLAuthorization',
  ),
  web('security/isapiCgiRestriction', { '': ['path'] }),
  web('security/requestFiltering', {
    fileExtensions: ['fileExtension'],
    hiddenSegments: ['segment'],
    denyUrlSequences: ['sequence'],
    denyQueryStringSequences: ['sequence'],
    alwaysAllowedUrls: ['url'],
    verbs: ['verb'],
    filteringRules: name,
  }),
  web('urlCompression', {}, 'IIS-HttpCompressionStatic', 'IIS-HttpCompressionDynamic'),
  web(
    'httpCompression',
    { '': name, dynamicTypes: ['mimeType'], staticTypes: ['mimeType'] },
    'IIS-HttpCompressionStatic',
    'IIS-HttpCompressionDynamic',
  ),
  web('defaultDocument', { files: ['value'] }),
  web('directoryBrowse'),
  web('httpErrors', { '': ['statusCode', ['subStatusCode', '-1']] }),
  web('httpProtocol', { customHeaders: name, redirectHeaders: name }),
  web('httpRedirect', { '': ['wildcard'] }, 'IIS-HttpRedirect'),
  web('httpLogging'),
  web('staticContent', { '': ['fileExtension'] }),
  web('handlers', { '': name }),
  web('modules', { '': name }),
  web('isapiFilters', { '': name }),
  web('globalModules', { '': name }),
  web('caching', { profiles: ['extension'] }),
  web('cgi', {}, 'IIS-CGI'),
  web('asp', {}, 'IIS-ASP'),
  web('fastCgi', { '': ['fullPath', ['arguments', '']] }, 'IIS-CGI'),
  web('serverRuntime'),
  web('proxy'),
  web('webSocket', {}, 'IIS-WebSockets'),
  web('applicationInitialization', { '': ['initializationPage', ['hostName', '']] }, 'IIS-ApplicationInit'),
  web('tracing/traceFailedRequests', { '': ['path'] }, 'IIS-HttpTracing'),
  web('rewrite/rules', { '': name, conditions: ['input', ['pattern', '']], serverVariables: name }),
  web('rewrite/globalRules', { '': name, conditions: ['input', ['pattern', '']], serverVariables: name }),
  web('rewrite/outboundRules', { '': name, conditions: ['input', ['pattern', '']] }),
  web('rewrite/allowedServerVariables', { '': name }),
  web('rewrite/providers', { '': name, settings: ['key'] }),
  web('rewrite/rewriteMaps', { '': name, '.': ['key'] }),
];

const byName = new Map<string, Section>();
for (const section of sections) {
  byName.set(section.name.toLowerCase(), section);
  // appcmd takes the name without its group where only one section has it.
  const short = section.name.slice(section.name.indexOf('/') + 1).toLowerCase();
  byName.set(short, section);
  byName.set(short.slice(short.lastIndexOf('/') + 1), section);
}

/** A section by its full or short name; one that isn't known here has no keys. */
export const sectionNamed = (given: string): Section =>
  byName.get(given.toLowerCase()) ?? { name: given, keys: {}, features: [] };

/** What a section is as a capability, by its name. */
export const sectionCapability = (name: string): string => `section:${name.toLowerCase()}`;

/** The sections that these features of DISM bring. */
export const sectionsOf = (features: readonly string[]): Section[] => {
  const wanted = new Set(features.map(one => one.toLowerCase()));
  return sections.filter(section => section.features.some(one => wanted.has(one.toLowerCase())));
};
