@echo off
rem run.cmd deploy, run.cmd agent: converges from the bucket, with the Node beside this file. It keeps a log
rem itself; what it says last, before it has one too, is in a file of each, since cmd lets no second process write.
setlocal
set "ARGUMENTS="
if "%~1"=="deploy" set "ARGUMENTS=apply --self @SELF@ --lock-timeout 10m"
if "%~1"=="agent" set "ARGUMENTS=agent --self @SELF@ @AGENT@"
if not defined ARGUMENTS exit /b 1
rem What the application's environment says to its Node is not for this one.
for %%V in (NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NODE_COMPILE_CACHE) do set "%%V="
for %%V in (NODE_V8_COVERAGE NODE_REDIRECT_WARNINGS NODE_ICU_DATA OPENSSL_CONF OPENSSL_MODULES SSL_CERT_FILE) do set "%%V="
rem Nor are its own AWS credentials and endpoints: what counts is the role of the instance.
for %%V in (AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE) do set "%%V="
for %%V in (AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_STS) do set "%%V="
for %%V in (AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_EC2_METADATA_DISABLED) do set "%%V="
cd /d "%~dp0"
"%~dp0node.exe" --max-semi-space-size=2 "%~dp0converge.cjs" %ARGUMENTS% > "%ProgramData%\converge\logs\%~1.log" 2>&1
exit /b %ERRORLEVEL%
