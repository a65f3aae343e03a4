@echo off
rem run.cmd deploy, run.cmd agent: converges from the bucket, with the Node beside this file. It keeps a log
rem itself; what it says last, before it has one too, is in a file of each, since cmd lets no second process write.
setlocal
set "ARGUMENTS="
if "%~1"=="deploy" set "ARGUMENTS=apply --self @SELF@ --lock-timeout 10m"
if "%~1"=="agent" set "ARGUMENTS=agent --self @SELF@ @AGENT@"
if not defined ARGUMENTS exit /b 1
rem What the application's environment says to its Node is not for this one.
for %%V in (NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED OPENSSL_CONF) do set "%%V="
cd /d "%~dp0"
"%~dp0node.exe" --max-semi-space-size=2 "%~dp0converge.cjs" %ARGUMENTS% > "%ProgramData%\converge\logs\%~1.log" 2>&1
exit /b %ERRORLEVEL%
