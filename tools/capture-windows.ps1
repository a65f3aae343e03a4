<#
.SYNOPSIS
Records what Windows' own programs answer on this machine, so that converge's readers and the beliefs of its lab
can be tried against it: `converge lab contracts --replay capture.json`.

.DESCRIPTION
Changes nothing: every call below lists, shows or asks for something that isn't there. Run it as an administrator,
in Windows PowerShell 5.1 or newer, best on a machine with IIS:

    powershell -NoProfile -ExecutionPolicy Bypass -File capture-windows.ps1 -Output capture.json

The file holds the names of sites, tasks, services, firewall rules and installed products, and the machine's Path.
Passwords that appcmd shows are blanked out. Read it before you give it away.
#>
param([string] $Output = 'capture.json')

$ErrorActionPreference = 'Stop'

# Programs are below System32. What a call writes to stdin is `input`. converge asks with these very arguments.
$probes = @'
[
  { "program": "dism.exe", "args": ["/online", "/english", "/get-features", "/format:table"] },
  { "program": "dism.exe", "args": ["/online", "/english", "/get-featureinfo", "/featurename:Converge-No-Such-Feature"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "apppool", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "site", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "app", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "vdir", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "config", "/section:system.webServer/defaultDocument", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "config", "/section:system.webServer/handlers", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "config", "/section:system.webServer/convergeNoSuchSection", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "site", "converge no such site"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["list", "config", "converge no such site", "/section:system.webServer/defaultDocument", "/config:*", "/xml"] },
  { "program": "inetsrv\\appcmd.exe", "args": ["start", "site", "converge no such site"] },
  { "program": "reg.exe", "args": ["query", "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment", "/reg:64"] },
  { "program": "reg.exe", "args": ["query", "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall", "/s"] },
  { "program": "reg.exe", "args": ["query", "HKLM\\SOFTWARE\\Converge No Such Key"] },
  { "program": "schtasks.exe", "args": ["/query", "/xml"] },
  { "program": "schtasks.exe", "args": ["/query", "/tn", "Converge No Such Task"] },
  { "program": "sc.exe", "args": ["query", "type=", "service", "state=", "all", "bufsize=", "262144"] },
  { "program": "sc.exe", "args": ["qc", "Schedule"] },
  { "program": "sc.exe", "args": ["query", "ConvergeNoSuchService"] },
  { "program": "netsh.exe", "args": ["advfirewall", "firewall", "show", "rule", "name=Converge no such rule"] },
  { "program": "netsh.exe", "args": ["http", "show", "sslcert"] },
  { "program": "icacls.exe", "args": ["C:\\Windows"] },
  { "program": "icacls.exe", "args": ["C:\\Converge No Such File"] },
  { "program": "tzutil.exe", "args": ["/g"] },
  { "program": "WindowsPowerShell\\v1.0\\powershell.exe",
    "args": ["-NoProfile", "-NonInteractive", "-Command", "$d = [Console]::In.ReadToEnd() | ConvertFrom-Json; [Console]::Out.Write($d.word)"],
    "input": "{\"word\":\"by stdin\"}" }
]
'@ | ConvertFrom-Json

# As CommandLineToArgvW takes it apart again.
function Format-Argument([string] $Text) {
  if ($Text -ne '' -and $Text -notmatch '[\s"]') { return $Text }
  $escaped = [regex]::Replace($Text, '(\\*)"', '$1$1\"')
  return '"' + [regex]::Replace($escaped, '(\\+)$', '$1$1') + '"'
}

# Bytes as they are; each is one character of Latin-1.
$latin1 = [Text.Encoding]::GetEncoding(28591)

function Protect-Password([byte[]] $Bytes) {
  $text = $latin1.GetString($Bytes)
  return $latin1.GetBytes([regex]::Replace($text, '(?i)(password=")[^"]+(")', '$1(blanked out)$2'))
}

function Invoke-Probe($Probe) {
  $file = Join-Path $env:SystemRoot ('System32\' + $Probe.program)
  $answer = [ordered]@{ program = $Probe.program; args = @($Probe.args) }
  if (-not (Test-Path -LiteralPath $file)) {
    $answer.missing = $true
    return $answer
  }
  $start = New-Object Diagnostics.ProcessStartInfo
  $start.FileName = $file
  $start.Arguments = (@($Probe.args) | ForEach-Object { Format-Argument $_ }) -join ' '
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  $process = [Diagnostics.Process]::Start($start)
  # Both at once: a program whose pipe is full waits.
  $out = New-Object IO.MemoryStream
  $err = New-Object IO.MemoryStream
  $reading = @($process.StandardOutput.BaseStream.CopyToAsync($out), $process.StandardError.BaseStream.CopyToAsync($err))
  if ($null -ne $Probe.input) {
    $bytes = [Text.Encoding]::UTF8.GetBytes($Probe.input)
    $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
  }
  $process.StandardInput.Close()
  $process.WaitForExit()
  [Threading.Tasks.Task]::WaitAll([Threading.Tasks.Task[]] $reading)
  # Some are HRESULTs, which .NET takes for negative numbers.
  $answer.exit_code = [BitConverter]::ToUInt32([BitConverter]::GetBytes([int] $process.ExitCode), 0)
  $answer.stdout = [Convert]::ToBase64String((Protect-Password $out.ToArray()))
  $answer.stderr = [Convert]::ToBase64String((Protect-Password $err.ToArray()))
  return $answer
}

$calls = foreach ($probe in $probes) {
  Write-Host ($probe.program + ' ' + (@($probe.args) -join ' '))
  Invoke-Probe $probe
}

$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
$iis = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\InetStp' -ErrorAction SilentlyContinue
$capture = [ordered]@{
  converge_capture = 1
  taken            = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
  host             = [ordered]@{
    windows     = [Environment]::OSVersion.Version.ToString()
    language    = [Globalization.CultureInfo]::InstalledUICulture.Name
    formats     = [Globalization.CultureInfo]::CurrentCulture.Name
    code_page   = [Globalization.CultureInfo]::CurrentCulture.TextInfo.OEMCodePage
    elevated    = $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    iis         = if ($iis) { "$($iis.MajorVersion).$($iis.MinorVersion)" } else { $null }
    system_root = $env:SystemRoot
  }
  calls            = @($calls)
}
$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Output)
[IO.File]::WriteAllText($path, (ConvertTo-Json $capture -Depth 6))
Write-Host "written: $path"
