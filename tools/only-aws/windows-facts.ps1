# What a Windows that runs in EC2 has of all that `converge guest-facts` says about it at home: run both there and
# compare, as an administrator.
$ErrorActionPreference = 'Stop'
$start = { param($name) (Get-ItemProperty "HKLM:\SYSTEM\CurrentControlSet\Services\$name" -ErrorAction SilentlyContinue).Start }
[pscustomobject]@{
  root_bus       = (Get-Disk -Number 0).BusType
  nvme           = "stornvme $(& $start stornvme), AWSNVMe $(& $start AWSNVMe)"
  ena            = (Get-NetAdapter | ForEach-Object DriverFileName) -join ', '
  dhcp           = (Get-NetIPInterface -AddressFamily IPv4 | Where-Object InterfaceAlias -notlike 'Loopback*').Dhcp -join ', '
  offline_disks  = @(Get-Disk | Where-Object IsOffline).Count
  profile        = (Get-NetConnectionProfile).NetworkCategory -join ', '
  activated      = (Get-CimInstance SoftwareLicensingProduct -Filter "PartialProductKey IS NOT NULL" | Select-Object -First 1).LicenseStatus
  time_source    = (w32tm /query /source) -join ' '
  ems            = [bool](bcdedit /enum '{current}' | Select-String -SimpleMatch 'ems')
} | Format-List
