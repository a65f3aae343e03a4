/** Who may ask for what. Names, types and defaults are those of IIS 10's schema. */
export const security = `
section system.webServer/security/access
  sslFlags flags(None|Ssl|SslNegotiateCert|SslRequireCert|Ssl128) = None
section system.webServer/security/applicationDependencies
  * application - clear
    name! string nonempty
    groupId string
    * add - clear
      groupId! string
section system.webServer/security/authorization
  bypassLoginPages bool = true
  * add remove clear
    accessType enum(Allow|Deny) required
    users! string
    roles! string
    verbs! string cased
section system.webServer/security/ipSecurity
  enableReverseDns bool = false
  allowUnlisted bool = true
  enableProxyMode bool = false
  denyAction enum(AbortRequest|Unauthorized|Forbidden|NotFound) = Forbidden
  * add remove clear
    ipAddress! string
    subnetMask! string = 255.255.255.255
    domainName! string
    allowed bool = false
section system.webServer/security/dynamicIpSecurity
  denyAction enum(AbortRequest|Unauthorized|Forbidden|NotFound) = Forbidden
  enableProxyMode bool = false
  enableLoggingOnlyMode bool = false
  denyByConcurrentRequests{
    enabled bool = false
    maxConcurrentRequests uint 1..4294967295 = 5
  denyByRequestRate{
    enabled bool = false
    maxRequests uint 1..4294967295 = 20
    requestIntervalInMilliseconds uint 1..4294967295 = 200
section system.webServer/security/isapiCgiRestriction
  * add remove clear
    path! string nonempty
    allowed bool required = false
    groupId string
    description string
  notListedIsapisAllowed bool = false
  notListedCgisAllowed bool = false
section system.webServer/security/requestFiltering
  allowDoubleEscaping bool = false
  allowHighBitCharacters bool = true
  unescapeQueryString bool = true
  removeServerHeader bool
  fileExtensions{
    allowUnlisted bool = true
    applyToWebDAV bool = true
    * add remove clear
      fileExtension! string nonempty
      allowed bool required = true
  requestLimits{
    maxAllowedContentLength uint = 30000000
    maxUrl uint = 4096
    maxQueryString uint = 2048
    headerLimits{
      * add remove clear
        header! string nonempty
        sizeLimit uint required
  verbs{
    allowUnlisted bool = true
    applyToWebDAV bool = true
    * add remove clear
      verb! string nonempty cased
      allowed bool required
  hiddenSegments{
    applyToWebDAV bool = true
    * add remove clear
      segment! string nonempty
  alwaysAllowedUrls{
    * add remove clear
      url! string nonempty
  alwaysAllowedQueryStrings{
    * add remove clear
      queryString! string nonempty
  denyUrlSequences{
    * add remove clear
      sequence! string nonempty
  denyQueryStringSequences{
    * add remove clear
      sequence! string nonempty
  filteringRules{
    * filteringRule remove clear
      name! string
      scanUrl bool = false
      scanQueryString bool = false
      scanAllRaw bool = false
      denyUnescapedPercent bool = true
      scanHeaders{
        * add remove clear
          requestHeader! string nonempty
      appliesTo{
        * add remove clear
          fileExtension! string nonempty
      denyStrings{
        * add remove clear
          string! string nonempty
section system.webServer/security/authentication/anonymousAuthentication
  enabled bool = true
  userName string = IUSR
  password string encrypted cased
  logonMethod enum(Interactive|Batch|Network|ClearText) = ClearText
section system.webServer/security/authentication/basicAuthentication
  enabled bool = false
  realm string
  defaultLogonDomain string
  logonMethod enum(Interactive|Batch|Network|ClearText) = ClearText
section system.webServer/security/authentication/clientCertificateMappingAuthentication
  enabled bool = false
section system.webServer/security/authentication/digestAuthentication
  enabled bool = false
  realm string
section system.webServer/security/authentication/iisClientCertificateMappingAuthentication
  enabled bool = false
  oneToOneCertificateMappingsEnabled bool = true
  manyToOneCertificateMappingsEnabled bool = true
  defaultLogonDomain string
  logonMethod enum(Interactive|Batch|Network|ClearText) = ClearText
  manyToOneMappings{
    * add - clear
      name! string nonempty
      description string
      enabled bool = true
      permissionMode enum(Allow|Deny) = Allow
      rules{
        * add - clear
          certificateField! enum(Subject|Issuer)
          certificateSubField! string cased
          matchCriteria! string cased
          compareCaseSensitive! bool = true
      userName string nonempty
      password string encrypted cased
  oneToOneMappings{
    * add - clear
      enabled bool = true
      userName string
      password string encrypted cased
      certificate! string cased
section system.webServer/security/authentication/windowsAuthentication
  enabled bool = false
  providers{
    * add remove clear
      value! string
  authPersistSingleRequest bool = false
  authPersistNonNTLM bool = false
  useKernelMode bool = true
  useAppPoolCredentials bool = false
  extendedProtection{
    tokenChecking enum(None|Allow|Require) = None
    flags flags(None|Proxy|NoServiceNameCheck|AllowDotlessSpn|ProxyCohosting) = None
    * spn removeSpn clearSpns
      name! string nonempty
`;
