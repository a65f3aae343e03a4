# "Restart app server": converges again, as after a deployment.
$ErrorActionPreference = 'Stop'
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
& (Join-Path $programs 'converge\@ID@\deployed.ps1')
