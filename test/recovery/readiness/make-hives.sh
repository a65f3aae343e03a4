#!/usr/bin/env bash
# Makes hives of a Windows registry with hivex, for the reader of readiness: make-hives.sh DIR
# Needs hivexregedit (libhivex-bin, libwin-hivex-perl) and Python. An empty hive is what it begins with.
set -euo pipefail
out=$1
mkdir -p "$out"
python3 - "$out" <<'PY'
import struct, sys
def cell(body):
    size = (len(body) + 4 + 7) // 8 * 8
    return struct.pack('<i', -size) + body.ljust(size - 4, b'\0')
nil = 0xffffffff
descriptor = bytes.fromhex('010004801400000024000000000000003400000001020000000000052000000020020000010200000000000520000000200200000200080000000000')
name = b'ROOT'
at_root = 32
root = cell(struct.pack('<2sHQIIIIIIIIIIIIIIIHH', b'nk', 0x2c, 0, 0, nil, 0, 0, nil, nil, 0, nil, at_root + 88, nil, 0, 0, 0, 0, 0, len(name), 0) + name)
assert len(root) == 88, len(root)
sk = cell(struct.pack('<2sHIIII', b'sk', 0, at_root + 88, at_root + 88, 1, len(descriptor)) + descriptor)
used = 32 + len(root) + len(sk)
bin_ = struct.pack('<4sIIQQI', b'hbin', 0, 4096, 0, 0, 0) + root + sk
bin_ += struct.pack('<i', 4096 - used) + bytes(4096 - used - 4)
head = struct.pack('<4sIIQIIIIIII', b'regf', 1, 1, 0, 1, 3, 0, 1, at_root, 4096, 1).ljust(508, b'\0')
total = 0
for word in struct.unpack('<127I', head): total ^= word
head = (head + struct.pack('<I', total)).ljust(4096, b'\0')
open(sys.argv[1] + '/empty', 'wb').write(head + bin_)
PY
# hivexregedit makes no key whose parent isn't there: each is named before what is below it.
parents() {
  python3 -c '
import sys
seen = set()
for line in sys.stdin:
    if line.startswith("["):
        parts = line.strip()[1:-1].split("\\")
        for n in range(2, len(parts)):
            above = "\\".join(parts[:n])
            if above not in seen: print(f"[{above}]\n")
            seen.add(above)
        seen.add("\\".join(parts))
    print(line, end="")'
}
merge() { # FILE, and on the standard input what it holds
  cp "$out/empty" "$out/$1"
  parents | hivexregedit --merge --prefix HIVE "$out/$1" /dev/stdin
}
ntp='"NtpServer"="169.254.169.123,0x9"'
merge SYSTEM <<REG
Windows Registry Editor Version 5.00

[HIVE\\Select]
"Current"=dword:00000002
"Default"=dword:00000002

[HIVE\\ControlSet001\\Services\\stornvme]
"Start"=dword:00000003

[HIVE\\ControlSet002\\Services\\stornvme]
"Start"=dword:00000000

[HIVE\\ControlSet002\\Services\\ena]
"Start"=dword:00000003

[HIVE\\ControlSet002\\Services\\Dhcp]
"Start"=dword:00000002

[HIVE\\ControlSet002\\Services\\partmgr\\Parameters]
"SanPolicy"=dword:00000001

[HIVE\\ControlSet002\\Services\\Amazon EC2Launch]
"Start"=dword:00000002

[HIVE\\ControlSet002\\Services\\TermService]
"Start"=dword:00000003

[HIVE\\ControlSet002\\Control\\Terminal Server]
"fDenyTSConnections"=dword:00000000

[HIVE\\ControlSet002\\Control\\Terminal Server\\WinStations\\RDP-Tcp]
"PortNumber"=dword:00000d3d

[HIVE\\ControlSet002\\Control\\ProductOptions]
"ProductType"="ServerNT"

[HIVE\\ControlSet002\\Control\\TimeZoneInformation]
"TimeZoneKeyName"="GMT Standard Time"

[HIVE\\ControlSet002\\Services\\W32Time]
"Start"=dword:00000002

[HIVE\\ControlSet002\\Services\\W32Time\\Parameters]
"Type"="NTP"
$ntp

[HIVE\\ControlSet002\\Services\\Tcpip\\Parameters\\Interfaces\\{00000000-0000-0000-0000-000000000001}]
"EnableDHCP"=dword:00000000
"IPAddress"=hex(7):31,00,30,00,2e,00,30,00,2e,00,31,00,2e,00,31,00,30,00,00,00,00,00

[HIVE\\ControlSet002\\Services\\Tcpip\\Parameters\\Interfaces\\{00000000-0000-0000-0000-000000000002}]
"EnableDHCP"=dword:00000001

[HIVE\\ControlSet002\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile]
"EnableFirewall"=dword:00000001
"DoNotAllowExceptions"=dword:00000000

[HIVE\\ControlSet002\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]
"RDP"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=3389|App=%SystemRoot%\\\\system32\\\\svchost.exe|Svc=termservice|Name=RDP in EC2|"
"Off"="v2.30|Action=Block|Active=FALSE|Dir=In|Protocol=6|LPort=3389|Name=Off|"
REG
# Services that nobody looks for, as each Windows has hundreds of.
{ printf 'Windows Registry Editor Version 5.00\n'
  for n in $(seq 90); do printf '\n[HIVE\\ControlSet002\\Services\\Service%03d]\n"Start"=dword:00000003\n' "$n"; done
} | parents | hivexregedit --merge --prefix HIVE "$out/SYSTEM" /dev/stdin
merge SOFTWARE <<REG
Windows Registry Editor Version 5.00

[HIVE\\Microsoft\\Windows NT\\CurrentVersion\\SoftwareProtectionPlatform]
"KeyManagementServiceName"="kms.example.com"
REG
rm "$out/empty"
