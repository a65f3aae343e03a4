# Where converge lies on this host, and what makes sure that nobody but administrators put something there.
# Rights are judged by SID and never by name, so the language of Windows doesn't matter.
$programs = if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }
$root = Join-Path $programs 'converge'
$here = Join-Path $root '@ID@'
$data = Join-Path $env:ProgramData 'converge'

# Owner Administrators, nothing inherited; full control for SYSTEM and Administrators, and below Program Files
# reading and running for Users.
$closed = 'O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
$readable = $closed + '(A;OICI;0x1200a9;;;BU)'

# SYSTEM, Administrators, TrustedInstaller, and the built-in Administrator of this host or its domain.
$administrator = '^(S-1-5-18|S-1-5-32-544|S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464|S-1-5-21-.+-500)$'
# Write or append data, write (extended) attributes, delete, delete children, change rights, take ownership,
# generic write, generic all.
$writing = 0x500D0156

# Throws when anybody else owns $path or something below it or can write there, or when it leads elsewhere.
function Assert-Locked([string] $path) {
  $items = @(Get-Item -LiteralPath $path -Force) + @(Get-ChildItem -LiteralPath $path -Recurse -Force)
  foreach ($item in $items) {
    if ($item.Attributes -band [IO.FileAttributes]::ReparsePoint) { throw "$($item.FullName) is a link: remove it and deploy again" }
    $acl = $item.GetAccessControl()
    $owner = $acl.GetOwner([Security.Principal.SecurityIdentifier]).Value
    if ($owner -notmatch $administrator) { throw "$($item.FullName) is owned by ${owner}: remove it and deploy again" }
    foreach ($rule in $acl.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
      if ($rule.AccessControlType -eq 'Allow' -and ([int]$rule.FileSystemRights -band $writing) -and
        $rule.IdentityReference.Value -notmatch $administrator) {
        throw "$($item.FullName) can be written by $($rule.IdentityReference.Value): remove it, or close it to all but administrators, and deploy again"
      }
    }
  }
}

# Makes a folder that has these rights from its first moment. One that is there already may have been made by
# anybody (users may, below ProgramData), with anything in it: it is not repaired, it stops the deployment.
function Initialize-Folder([string] $path, [string] $rights) {
  if (Test-Path -LiteralPath $path) {
    Assert-Locked $path
    return
  }
  $acl = New-Object Security.AccessControl.DirectorySecurity
  $acl.SetSecurityDescriptorSddlForm($rights)
  [void][IO.Directory]::CreateDirectory($path, $acl)
  Assert-Locked $path
}

# The lines of a file as sha256sum writes it, `HEX  PATH`.
function Get-Files([string] $sums) {
  foreach ($line in [IO.File]::ReadAllLines($sums)) {
    $found = [regex]::Match($line, '^([0-9a-f]{64})  ([A-Za-z0-9._/-]+)$')
    if (-not $found.Success -or $line.Contains('..')) { throw "$sums holds a line that is no file: $line" }
    New-Object PSObject -Property @{
      Sha256 = $found.Groups[1].Value
      Path = $found.Groups[2].Value.Replace('/', '\')
    }
  }
}

# Throws unless every file below $folder is as the bundle was made.
function Assert-Files([string] $folder, [string] $sums) {
  foreach ($file in Get-Files $sums) {
    $path = Join-Path $folder $file.Path
    $found = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash
    if ($found -ne $file.Sha256) { throw "$path is not what was bundled: remove $folder and deploy again" }
  }
}
