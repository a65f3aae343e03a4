# After each deployment and each change of the configuration: converges again. "Restart App Server" may come here as well.
$ErrorActionPreference = 'Stop'
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
& (Join-Path $programs 'converge\@ID@\deployed.ps1')
