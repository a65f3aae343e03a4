/** How requests are answered. Names, types and defaults are those of IIS 10's schema. */
export const content = `
section system.webServer/caching
  enabled bool = true
  enableKernelCache bool = true
  maxCacheSize uint = 0
  maxResponseSize uint = 262144
  profiles{
    * add remove clear prepend
      extension! string nonempty
      policy enum(DontCache|CacheUntilChange|CacheForTimePeriod|DisableCache) = DontCache
      kernelCachePolicy enum(DontCache|CacheUntilChange|CacheForTimePeriod|DisableCache) = DontCache
      duration timeSpan 1..4294967 = 00:00:30
      location enum(Any|Client|Downstream|Server|None|ServerAndClient) = Server
      varyByHeaders string
      varyByQueryString string
section system.webServer/defaultDocument
  enabled bool = true
  files{
    * add remove clear prepend
      value! string
section system.webServer/directoryBrowse
  enabled bool = false
  showFlags flags(None|Date|Time|Size|Extension|LongDate) = Date, Time, Size, Extension
section system.webServer/httpCompression
  sendCacheHeaders bool = false
  expiresHeader string = Wed, 01 Jan 1997 12:00:00 GMT
  cacheControlHeader string = max-age=86400
  directory string = %SystemDrive%\\inetpub\\temp\\IIS Temporary Compressed Files
  doDiskSpaceLimiting bool = true
  maxDiskSpaceUsage uint = 100
  minFileSizeForComp uint = 2700
  noCompressionForHttp10 bool = true
  noCompressionForProxies bool = true
  noCompressionForRange bool = true
  staticCompressionIgnoreHitFrequency bool = false
  staticCompressionDisableCpuUsage uint 0..100 = 100
  staticCompressionEnableCpuUsage uint 0..100 = 50
  dynamicCompressionDisableCpuUsage uint 0..100 = 90
  dynamicCompressionEnableCpuUsage uint 0..100 = 50
  dynamicCompressionBufferLimit uint = 65536
  * scheme remove clear
    name! string nonempty
    doStaticCompression bool = true
    doDynamicCompression bool = true
    dll string required nonempty
    staticCompressionLevel uint = 7
    dynamicCompressionLevel uint = 0
  staticTypes{
    * add remove clear
      mimeType! string nonempty
      enabled bool required
  dynamicTypes{
    * add remove clear
      mimeType! string nonempty
      enabled bool required
section system.webServer/httpErrors
  errorMode enum(DetailedLocalOnly|Custom|Detailed) = DetailedLocalOnly
  existingResponse enum(Auto|Replace|PassThrough) = Auto
  defaultPath string
  defaultResponseMode enum(File|ExecuteURL|Redirect) = File
  detailedMoreInformationLink string = https://go.microsoft.com/fwlink/?LinkID=62293
  allowAbsolutePathsWhenDelegated bool = false
  * error remove clear
    statusCode! uint 400..999
    subStatusCode! int -1..999 = -1
    prefixLanguageFilePath string
    path string required nonempty
    responseMode enum(File|ExecuteURL|Redirect) = File
section system.webServer/httpLogging
  selectiveLogging enum(LogAll|LogSuccessful|LogError) = LogAll
  dontLog bool = false
section system.webServer/httpProtocol
  customHeaders{
    * add remove clear
      name! string
      value string cased
  redirectHeaders{
    * add remove clear
      name! string
      value string cased
  allowKeepAlive bool = true
section system.webServer/httpRedirect
  enabled bool = false
  destination string
  * add remove clear
    wildcard! string nonempty
    destination string required nonempty
  exactDestination bool = false
  childOnly bool = false
  httpResponseStatus enum(Permanent|Found|Temporary|PermRedirect) = Found
section system.webServer/httpTracing
  traceUrls{
    * add remove clear
      value! string
section system.webServer/odbcLogging
  dataSource string cased = InternetDb
  tableName string cased = InternetLog
  userName string = InternetAdmin
  password string encrypted cased
section system.webServer/serverRuntime
  enabled bool = true
  appConcurrentRequestLimit uint = 5000
  maxRequestEntityAllowed uint = 4294967295
  uploadReadAheadSize uint 0..2147483647 = 49152
  alternateHostName string
  enableNagling bool = false
  frequentHitThreshold uint 1..2147483647 = 2
  frequentHitTimePeriod timeSpan = 00:00:10
  authenticatedUserOverride enum(UseAuthenticatedUser|UseWorkerProcessUser) = UseAuthenticatedUser
section system.webServer/serverSideInclude
  ssiExecDisable bool = false
section system.webServer/staticContent
  clientCache{
    cacheControlMode enum(NoControl|DisableCache|UseMaxAge|UseExpires) = NoControl
    cacheControlMaxAge timeSpan = 1.00:00:00
    httpExpires string
    cacheControlCustom string
    setEtag bool = true
  defaultDocFooter string cased
  isDocFooterFileName bool = false
  enableDocFooter bool = false
  * mimeMap remove clear
    fileExtension! string
    mimeType string required nonempty
section system.webServer/tracing/traceFailedRequests
  * add remove clear
    path! string
    customActionExe string
    customActionParams string
    customActionTriggerLimit uint 0..10000 = 1
    traceAreas{
      * add remove clear
        provider! string
        areas string
        verbosity enum(General|CriticalError|Error|Warning|Information|Verbose) = Warning
    failureDefinitions{
      timeTaken timeSpan = 00:00:00
      traceAllAfterTimeout bool = false
      statusCodes string
      verbosity enum(Ignore|CriticalError|Error|Warning) = Ignore
section system.webServer/tracing/traceProviderDefinitions
  * add remove clear
    name! string
    guid string required
    areas{
      * add remove clear
        name! string
        value uint required
section system.webServer/urlCompression
  doStaticCompression bool = true
  doDynamicCompression bool = true
  dynamicCompressionBeforeCache bool = false
section system.webServer/validation
  validateIntegratedModeConfiguration bool = true
section system.webServer/webSocket
  enabled bool = true
  receiveBufferLimit uint 4096..2147483647 = 4194304
  pingInterval timeSpan 0..86400 = 00:00:00
`;
