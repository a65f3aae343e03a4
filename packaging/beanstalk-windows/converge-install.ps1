# After the application was deployed to IIS. An exception fails the deployment.
$ErrorActionPreference = 'Stop'
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
& (Join-Path $programs 'converge\@ID@\deployed.ps1')
