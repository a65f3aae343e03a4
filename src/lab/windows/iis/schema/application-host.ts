/**
 * What concerns the server as a whole: pools, sites, logs, limits. Names, types and defaults are those of IIS
 * 10's schema.
 */
export const applicationHost = `
section system.applicationHost/applicationPools
  * add - - defaults=applicationPoolDefaults
    name! string applicationPoolName
    queueLength uint 10..65535 = 1000
    autoStart bool = true
    enable32BitAppOnWin64 bool = false
    managedRuntimeVersion string
    managedRuntimeLoader string = webengine4.dll
    enableConfigurationOverride bool = true
    managedPipelineMode enum(Integrated|Classic) = Integrated
    CLRConfigFile string
    passAnonymousToken bool = true
    startMode enum(OnDemand|AlwaysRunning) = OnDemand
    processModel{
      identityType enum(LocalSystem|LocalService|NetworkService|SpecificUser|ApplicationPoolIdentity) = ApplicationPoolIdentity
      userName string
      password string encrypted cased
      loadUserProfile bool = false
      setProfileEnvironment bool = true
      logonType enum(LogonBatch|LogonService) = LogonBatch
      manualGroupMembership bool = false
      idleTimeout timeSpan 0..2592000/60 = 00:20:00
      idleTimeoutAction enum(Terminate|Suspend) = Terminate
      maxProcesses uint 0..2147483647 = 1
      shutdownTimeLimit timeSpan 1..4294967 = 00:01:30
      startupTimeLimit timeSpan 1..4294967 = 00:01:30
      pingingEnabled bool = true
      pingInterval timeSpan 1..4294967 = 00:00:30
      pingResponseTime timeSpan 1..4294967 = 00:01:30
      logEventOnProcessModel flags(IdleTimeout) = IdleTimeout
    recycling{
      disallowOverlappingRotation bool = false
      disallowRotationOnConfigChange bool = false
      logEventOnRecycle flags(Time|Requests|Schedule|Memory|IsapiUnhealthy|OnDemand|ConfigChange|PrivateMemory) = Time, Requests, Schedule, Memory, IsapiUnhealthy, OnDemand, ConfigChange, PrivateMemory
      periodicRestart{
        memory uint = 0
        privateMemory uint = 0
        requests uint = 0
        time timeSpan 0..25920000/60 = 29:00:00
        schedule{
          * add - clear
            value! timeSpan 0..86399/60
    failure{
      loadBalancerCapabilities enum(TcpLevel|HttpLevel) = HttpLevel
      orphanWorkerProcess bool = false
      orphanActionExe string
      orphanActionParams string
      rapidFailProtection bool = true
      rapidFailProtectionInterval timeSpan 60..8640000/60 = 00:05:00
      rapidFailProtectionMaxCrashes uint 1..2147483647 = 5
      autoShutdownExe string
      autoShutdownParams string
    cpu{
      limit uint 0..100000 = 0
      action enum(NoAction|KillW3wp|Throttle|ThrottleUnderLoad) = NoAction
      resetInterval timeSpan 0..86400/60 = 00:05:00
      smpAffinitized bool = false
      smpProcessorAffinityMask uint = 4294967295
      smpProcessorAffinityMask2 uint = 4294967295
      processorGroup int 0..2147483647 = 0
      numaNodeAssignment enum(MostAvailableMemory|WindowsScheduling) = MostAvailableMemory
      numaNodeAffinityMode enum(Soft|Hard) = Soft
    environmentVariables{
      * add remove -
        name! string nonempty
        value string required nonempty
  applicationPoolDefaults like *add
section system.applicationHost/configHistory
  enabled bool = true
  path string = %SYSTEMDRIVE%\\inetpub\\history
  maxHistories uint 1..4294967295 = 10
  period timeSpan 10..2147483647 = 00:02:00
section system.applicationHost/customMetadata
  * key - -
    path! string
    * property - -
      id! uint
      dataType enum(DWord|String|Binary|ExpandSZ|MultiSZ) required
      userType uint = 1
      attributes flags(None|Inherit|PartialPath|Secure|Reference|Volatile|IsInherited|InsertPath|LocalMachineOnly|NonSecureOnly) = Inherit
      value string cased
section system.applicationHost/listenerAdapters
  * add - -
    name! string
    identity string
    protocolManagerDll string
    protocolManagerDllInitFunction string cased
section system.applicationHost/log
  logInUTF8 bool = true
  centralLogFileMode enum(Site|CentralBinary|CentralW3C) = Site
  centralBinaryLogFile{
    enabled bool = false
    directory string = %SystemDrive%\\inetpub\\logs\\LogFiles
    period enum(Hourly|Daily|Weekly|Monthly|MaxSize) = Daily
    truncateSize int64 1048576..4294967295 = 20971520
    localTimeRollover bool = false
  centralW3CLogFile{
    enabled bool = true
    directory string nonempty = %SystemDrive%\\inetpub\\logs\\LogFiles
    period enum(Hourly|Daily|Weekly|Monthly|MaxSize) = Daily
    truncateSize int64 1048576..4294967295 = 20971520
    localTimeRollover bool = false
    logExtFileFlags flags(Date|Time|ClientIP|UserName|SiteName|ComputerName|ServerIP|Method|UriStem|UriQuery|HttpStatus|Win32Status|BytesSent|BytesRecv|TimeTaken|ServerPort|UserAgent|Cookie|Referer|ProtocolVersion|Host|HttpSubStatus) = Date, Time, ClientIP, UserName, SiteName, ServerIP, Method, UriStem, UriQuery, TimeTaken, HttpStatus, Win32Status, ServerPort, UserAgent, HttpSubStatus, Referer
section system.applicationHost/serviceAutoStartProviders
  * add remove clear
    name! string nonempty cased
    type string cased
section system.applicationHost/sites
  * site - - defaults=siteDefaults
    name! string siteName
    id uint required
    serverAutoStart bool = true
    bindings{
      * binding - clear
        protocol! string nonempty
        bindingInformation! string nonempty
        sslFlags uint = 0
    limits{
      maxBandwidth uint = 4294967295
      maxConnections uint = 4294967295
      connectionTimeout timeSpan 0..65535 = 00:02:00
      maxUrlSegments uint 0..16383 = 32
    logFile{
      logExtFileFlags flags(Date|Time|ClientIP|UserName|SiteName|ComputerName|ServerIP|Method|UriStem|UriQuery|HttpStatus|Win32Status|BytesSent|BytesRecv|TimeTaken|ServerPort|UserAgent|Cookie|Referer|ProtocolVersion|Host|HttpSubStatus) = Date, Time, ClientIP, UserName, ServerIP, Method, UriStem, UriQuery, TimeTaken, HttpStatus, Win32Status, ServerPort, UserAgent, HttpSubStatus, Referer
      customLogPluginClsid string
      logFormat enum(IIS|NCSA|W3C|Custom) = W3C
      logTargetW3C flags(File|ETW) = File
      directory string nonempty = %SystemDrive%\\inetpub\\logs\\LogFiles
      period enum(MaxSize|Daily|Weekly|Monthly|Hourly) = Daily
      truncateSize int64 1048576..4294967295 = 20971520
      localTimeRollover bool = false
      enabled bool = true
      logSiteId bool = true
      flushByEntryCountW3CLog uint = 0
      maxLogLineLength uint 2..65536 = 65536
      customFields{
        maxCustomFieldLength uint 2..65536 = 4096
        * add - clear
          logFieldName! string nonempty
          sourceName string required nonempty
          sourceType enum(RequestHeader|ResponseHeader|ServerVariable) required
    traceFailedRequestsLogging{
      enabled bool = false
      directory string = %SystemDrive%\\inetpub\\logs\\FailedReqLogFiles
      maxLogFiles uint 1..10000 = 50
      maxLogFileSizeKB uint 0..1048576 = 1024
      customActionsEnabled bool = false
    * application - - defaults=applicationDefaults
      path! string applicationPath
      applicationPool string applicationPoolName
      enabledProtocols string = http
      serviceAutoStartEnabled bool = false
      serviceAutoStartProvider string
      preloadEnabled bool = false
      * virtualDirectory - - defaults=virtualDirectoryDefaults
        path! string virtualDirectoryPath
        physicalPath string
        userName string
        password string encrypted cased
        logonMethod enum(Interactive|Batch|Network|ClearText) = ClearText
        allowSubDirConfig bool = true
      virtualDirectoryDefaults like *virtualDirectory
    applicationDefaults like *application
    virtualDirectoryDefaults{
      path string virtualDirectoryPath
      physicalPath string
      userName string
      password string encrypted cased
      logonMethod enum(Interactive|Batch|Network|ClearText) = ClearText
      allowSubDirConfig bool = true
  siteDefaults like *site
  applicationDefaults{
    path string applicationPath
    applicationPool string applicationPoolName
    enabledProtocols string = http
  virtualDirectoryDefaults{
    path string virtualDirectoryPath
    physicalPath string
    userName string
    password string encrypted cased
    logonMethod enum(Interactive|Batch|Network|ClearText) = ClearText
    allowSubDirConfig bool = true
section system.applicationHost/webLimits
  maxGlobalBandwidth uint = 4294967295
  connectionTimeout timeSpan = 00:02:00
  demandStartThreshold uint 10..2147483647 = 2147483647
  dynamicIdleThreshold uint 0..10000 = 0
  headerWaitTimeout timeSpan 0..65535 = 00:00:00
  minBytesPerSecond uint = 240
  dynamicRegistrationThreshold uint 0..4294967295 = 100
`;
