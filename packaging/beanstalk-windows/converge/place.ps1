# Copies what is to run as SYSTEM out of the staging folder, where nobody vouches for the rights, to a folder of
# its own below Program Files, and runs nothing of it here. Any exception fails the deployment.
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2
$staged = Join-Path $PSScriptRoot 'agent'
. (Join-Path $staged 'folders.ps1')

Initialize-Folder $root $readable
if (-not (Test-Path -LiteralPath $here)) {
  # Whole or not at all: the name of a version exists only once all of its files are in place.
  $new = "$here.new"
  if (Test-Path -LiteralPath $new) { Remove-Item -LiteralPath $new -Recurse -Force }
  Initialize-Folder $new $readable
  foreach ($file in Get-Files (Join-Path $PSScriptRoot 'SHA256SUMS')) {
    $to = Join-Path $new $file.Path
    [void][IO.Directory]::CreateDirectory((Split-Path -Parent $to))
    Copy-Item -LiteralPath (Join-Path $staged $file.Path) -Destination $to
  }
  Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'SHA256SUMS') -Destination $new
  Assert-Files $new (Join-Path $PSScriptRoot 'SHA256SUMS')
  Move-Item -LiteralPath $new -Destination $here
}
Assert-Files $here (Join-Path $PSScriptRoot 'SHA256SUMS')
Assert-Locked $root

Initialize-Folder $data $closed
Initialize-Folder (Join-Path $data 'logs') $closed
$trust = Join-Path $data 'trust'
Initialize-Folder $trust $closed
# Exactly the keys of this bundle: one that was taken out of it is trusted no more.
Get-ChildItem -LiteralPath $trust -Force | Remove-Item -Recurse -Force
if (Test-Path -LiteralPath (Join-Path $here 'trust')) {
  Get-ChildItem -LiteralPath (Join-Path $here 'trust') -Filter *.pub | Copy-Item -Destination $trust
}
Assert-Locked $data
