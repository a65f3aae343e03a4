/**
 * URL Rewrite and Application Request Routing, which come by their own installers. Names, types and defaults
 * are those of IIS 10's schema.
 */
export const extensions = `
section system.webServer/rewrite/globalRules
  * rule remove clear
    name! string
    enabled bool = true
    patternSyntax enum(ECMAScript|Wildcard|ExactMatch) = ECMAScript
    stopProcessing bool = false
    match{
      url string nonempty
      ignoreCase bool = true
      negate bool = false
    conditions{
      logicalGrouping enum(MatchAll|MatchAny) = MatchAll
      trackAllCaptures bool = false
      * add - -
        input! string
        matchType! enum(Pattern|IsFile|IsDirectory) = Pattern
        pattern! string
        ignoreCase! bool = true
        negate! bool = false
    serverVariables{
      * set - -
        name! string
        value string
        replace bool = true
    action{
      type enum(None|Rewrite|Redirect|CustomResponse|AbortRequest) = None
      url string
      appendQueryString bool = true
      redirectType enum(Permanent|Found|SeeOther|Temporary) = Permanent
      statusCode uint = 0
      subStatusCode uint 0..999 = 0
      statusReason string
      statusDescription string
section system.webServer/rewrite/allowedServerVariables
  * add remove clear
    name! string
section system.webServer/rewrite/rules
  * rule remove clear
    name! string
    enabled bool = true
    patternSyntax enum(ECMAScript|Wildcard|ExactMatch) = ECMAScript
    stopProcessing bool = false
    match{
      url string nonempty
      ignoreCase bool = true
      negate bool = false
    conditions{
      logicalGrouping enum(MatchAll|MatchAny) = MatchAll
      trackAllCaptures bool = false
      * add - -
        input string
        matchType enum(Pattern|IsFile|IsDirectory) = Pattern
        pattern string
        ignoreCase bool = true
        negate bool = false
    serverVariables{
      * set - -
        name! string
        value string
        replace bool = true
    action{
      type enum(None|Rewrite|Redirect|CustomResponse|AbortRequest) = None
      url string
      appendQueryString bool = true
      logRewrittenUrl bool = false
      redirectType enum(Permanent|Found|SeeOther|Temporary) = Permanent
      statusCode uint
      subStatusCode uint 0..999 = 0
      statusReason string
      statusDescription string
section system.webServer/rewrite/outboundRules
  rewriteBeforeCache bool = false
  customTags{
    * tags remove clear
      name! string
      * tag remove clear
        name! string nonempty
        attribute! string nonempty
  preConditions{
    * preCondition remove clear
      name! string
      logicalGrouping enum(MatchAll|MatchAny) = MatchAll
      patternSyntax enum(ECMAScript|Wildcard|ExactMatch) = ECMAScript
      * add - -
        input! string
        matchType! enum(Pattern|IsFile|IsDirectory) = Pattern
        pattern! string
        ignoreCase! bool = true
        negate! bool = false
  * rule remove clear
    name! string
    preCondition string
    enabled bool = true
    patternSyntax enum(ECMAScript|Wildcard|ExactMatch) = ECMAScript
    stopProcessing bool = false
    match{
      filterByTags flags(None|A|Area|Base|Form|Frame|Head|IFrame|Img|Input|Link|Script|CustomTags) = None
      customTags string
      serverVariable string
      pattern string
      occurrences int64 = 0
      ignoreCase bool = true
      negate bool = false
    conditions{
      logicalGrouping enum(MatchAll|MatchAny) = MatchAll
      trackAllCaptures bool = true
      * add - -
        input! string
        matchType! enum(Pattern|IsFile|IsDirectory) = Pattern
        pattern! string
        ignoreCase! bool = true
        negate! bool = false
    action{
      type enum(None|Rewrite) = None
      value string
      replace bool = true
section system.webServer/rewrite/providers
  * provider remove clear
    name! string
    type string required
    settings{
      * add remove clear
        key! string nonempty
        value string
        encryptedValue string encrypted
section system.webServer/rewrite/rewriteMaps
  * rewriteMap remove clear
    name! string
    defaultValue string
    ignoreCase bool = true
    * add remove clear
      key! string cased
      value string
section system.webServer/proxy
  enabled bool = false
  passConnectionCloseHeader bool = false
  passServerHeader enum(Replace|Remove|PassThrough) = Replace
  httpVersion enum(Http10|Http11|PassThrough) = PassThrough
  keepAlive bool = true
  timeout timeSpan 1..86400 = 00:02:00
  preserveHostHeader bool = false
  reverseRewriteHostInResponseHeaders bool = true
  xForwardedByHeaderName string = X-Forwarded-By
  xForwardedByHeader string
  xForwardedForHeaderName string = X-Forwarded-For
  includePortInXForwardedFor bool = true
  arrResponseHeader bool = true
  sslHeaderName string = X-ARR-SSL
  clientCertHeaderName string = X-ARR-ClientCert
  logGuidName string = X-ARR-LOG-ID
  logCacheHitName string = X-ARR-CACHE-HIT
  maxForwards uint = 10
  minResponseBuffer uint 0..4194303 = 256
  responseBufferLimit uint 0..4194303 = 4096
  maxResponseHeaderSize uint = 65536
  proxy string
  proxyBypass string
  stealthMode bool = false
  clientCertFileName string
  clientCertPassword string encrypted cased
  clientCertHash string
  bufferChunkedResponses bool = true
  cache{
    enabled bool = true
    requestConsolidationEnabled bool = false
    requestConsolidationTimeout timeSpan = 00:00:00.1
    queryStringHandling enum(Ignore|NoCaching|Accept) = Ignore
    validationInterval timeSpan 0..86400 = 00:01:00
`;
