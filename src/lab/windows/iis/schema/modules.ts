/** What runs in a worker process. Names, types and defaults are those of IIS 10's schema. */
export const modules = `
section system.webServer/asp
  appAllowClientDebug bool = false
  appAllowDebugging bool = false
  errorsToNTLog bool = false
  logErrorRequests bool = true
  calcLineNumber bool = true
  codePage uint 0..2147483647 = 0
  enableApplicationRestart bool = true
  enableAspHtmlFallback bool = true
  enableChunkedEncoding bool = true
  enableParentPaths bool = false
  exceptionCatchEnable bool = true
  lcid uint 0..2147483647 = 0
  runOnEndAnonymously bool = true
  scriptErrorMessage string nonempty = An error occurred on the server when processing the URL.
  scriptErrorSentToBrowser bool = false
  scriptLanguage string nonempty = VBScript
  bufferingOn bool = true
  session{
    allowSessionState bool = true
    keepSessionIdSecure bool = true
    max uint = 4294967295
    timeout timeSpan 0..31536000/60 = 00:20:00
  comPlus{
    appServiceFlags flags(None|EnableTracker|EnableSxS|UsePartition) = None
    sxsName string nonempty
    partitionId string = 00000000-0000-0000-0000-000000000000
    trackThreadingModel bool = false
    executeInMta bool = false
  cache{
    diskTemplateCacheDirectory string nonempty = %SystemDrive%\\inetpub\\temp\\ASP Compiled Templates
    maxDiskTemplateCacheFiles uint 0..2147483647 = 2000
    scriptFileCacheSize uint 0..2147483647 = 500
    scriptEngineCacheMax uint 0..2147483647 = 250
    enableTypelibCache bool = true
  limits{
    scriptTimeout timeSpan = 00:01:30
    bufferingLimit uint 0..2147483647 = 4194304
    maxRequestEntityAllowed uint 0..2147483647 = 200000
    processorThreadMax uint 0..2147483647 = 25
    queueConnectionTestTime timeSpan 1..2147483647 = 00:00:03
    queueTimeout timeSpan = 00:00:00
    requestQueueMax uint 0..2147483647 = 3000
section system.webServer/cgi
  createCGIWithNewConsole bool = false
  createProcessAsUser bool = true
  timeout timeSpan 1..2147483647 = 00:15:00
section system.webServer/fastCgi
  * application - -
    fullPath! string nonempty
    arguments! string
    monitorChangesTo string
    stderrMode enum(ReturnStdErrIn500|ReturnGeneric500|IgnoreAndReturn200|TerminateProcess) = ReturnStdErrIn500
    maxInstances uint 0..10000 = 0
    idleTimeout uint 10..2592000 = 300
    activityTimeout uint 10..2592000 = 70
    requestTimeout uint 10..2592000 = 90
    instanceMaxRequests uint 1..10000000 = 200
    signalBeforeTerminateSeconds uint 0..60 = 0
    protocol enum(NamedPipe|Tcp) = NamedPipe
    queueLength uint 1..100000000 = 1000
    flushNamedPipe bool = false
    rapidFailsPerMinute uint 0..1000 = 10
    environmentVariables{
      * environmentVariable - -
        name! string
        value string
section system.webServer/globalModules
  * add remove clear
    name! string cased
    image string
    preCondition string cased
section system.webServer/handlers
  accessPolicy flags(None|Read|Write|Execute|Source|Script|NoRemoteWrite|NoRemoteRead|NoRemoteExecute|NoRemoteScript) = Read
  * add remove clear prepend
    name! string nonempty cased
    path string required nonempty
    verb string required cased
    type string cased
    modules string cased = ManagedPipelineHandler
    scriptProcessor string
    resourceType enum(File|Directory|Either|Unspecified) = Unspecified
    requireAccess enum(None|Read|Write|Script|Execute) = Script
    allowPathInfo bool = false
    preCondition string cased
    responseBufferLimit uint = 4194304
section system.webServer/isapiFilters
  * filter remove clear
    name! string nonempty cased
    path string required nonempty
    enabled bool = true
    enableCache bool = false
    preCondition string cased
section system.webServer/modules
  runAllManagedModulesForAllRequests bool = false
  runManagedModulesForWebDavRequests bool = false
  * add remove clear
    name! string nonempty cased
    type string cased
    preCondition string cased
section system.webServer/applicationInitialization
  remapManagedRequestsTo string
  skipManagedModules bool = false
  doAppInitAfterRestart bool = false
  * add remove clear
    initializationPage! string
    hostName string
`;
