@echo off
rem run.cmd deploy, run.cmd agent: converges from the bucket, with the Node beside this file. Each has a log of its own,
rem since cmd lets no second process write to one.
setlocal
set "ARGUMENTS="
if "%~1"=="deploy" set "ARGUMENTS=apply --self @SELF@ --lock-timeout 10m"
if "%~1"=="agent" set "ARGUMENTS=agent --self @SELF@ --once"
if not defined ARGUMENTS exit /b 1
rem What the application's environment says to its Node is not for this one.
for %%V in (NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED OPENSSL_CONF) do set "%%V="
set "LOG=%ProgramData%\converge\logs\%~1.log"
rem A new one from 10 MB on. The 0 is for a log that is not there, so the size is compared tenfold.
for %%F in ("%LOG%") do if %%~zF0 GTR 100000000 move /y "%LOG%" "%ProgramData%\converge\logs\%~1.1.log" >nul
cd /d "%~dp0"
"%~dp0node.exe" "%~dp0converge.cjs" %ARGUMENTS% >> "%LOG%" 2>&1
exit /b %ERRORLEVEL%
