# Converges this instance, and has the agent keep it so. An exception fails the deployment.
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2
. (Join-Path $PSScriptRoot 'folders.ps1')
Assert-Locked $root
Assert-Locked $data
Assert-Files $here (Join-Path $here 'SHA256SUMS')

# The agent first: when this run fails, it takes what is signed next, without another deployment.
$program = [Security.SecurityElement]::Escape((Join-Path $here 'run.cmd'))
$task = [IO.File]::ReadAllText((Join-Path $here 'agent-task.xml')).Replace('@PROGRAM@', $program)
Register-ScheduledTask -TaskName 'converge-agent' -Xml $task -Force | Out-Null

& (Join-Path $here 'run.cmd') deploy
$code = $LASTEXITCODE
$log = Join-Path $data 'logs\deploy.log'
if ($code -ne 0) {
  Get-Content -LiteralPath $log -Tail 60 -Encoding UTF8 | Write-Host
  throw "converge failed with exit code $code, see $log"
}
# A version before this may still be running; then the next deployment removes it.
Get-ChildItem -LiteralPath $root -Directory | Where-Object { $_.FullName -ne $here } |
  Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
