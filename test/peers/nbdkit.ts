import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const nbdkitPresent = spawnSync('nbdkit', ['--version']).error === undefined;
if (!nbdkitPresent)
  console.warn('SKIPPED: disks read through nbdkit: no nbdkit in PATH (.ci/peers.d/nbd.sh)');

/**
 * A program that takes nbdkit's arguments for VMware's plugin, whose library nobody may redistribute: the
 * real nbdkit reads what the lab's snapshot froze with its curl plugin, and reads and writes the disk of a VM
 * that is off with its shell plugin, after the thumbprint was compared. All that it was called with last is
 * in `argv`, and which files it was given in `files`, with their permissions; `writes` has a line for each:
 * how many bytes, and where. A write that finds a file `kill` there kills nbdkit.
 *
 * @param more for nbdkit, ahead of the plugin: filters
 * @param parameters for them, behind it
 */
export async function vddkStandIn(dir: string, more = '', parameters = ''): Promise<string> {
  const program = join(dir, 'nbdkit-vddk');
  await writeFile(
    program,
    `#!/bin/bash
set -eu
printf '%s\\n' "$@" > ${dir}/argv
options=()
while [ "$1" != vddk ]; do options+=("$1"); shift; done
shift
declare -A of
for one in "$@"; do of["\${one%%=*}"]="\${one#*=}"; done
stat -c '%a %U' "\${of[password]#+}" > ${dir}/files
port="\${of[port]:-443}"
seen="$(openssl s_client -connect "\${of[server]}:$port" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha1)"
[ "\${seen#*=}" = "\${of[thumbprint]}" ] || { echo "nbdkit: error: VixDiskLib: thumbprint mismatch" >&2; exit 1; }
file="$(printf %s "\${of[file]#* }" | sed 's/ /%20/g; s/\\//%2F/g')"
url="https://\${of[server]}:$port/lab/frozen?vm=\${of[vm]#moref=}&file=/$file"
if [ -n "\${of[snapshot]:-}" ]; then
  exec nbdkit "\${options[@]}" ${more} curl sslverify=false user="\${of[user]}" password="\${of[password]}" \\
    url="$url&snapshot=\${of[snapshot]}" ${parameters}
fi
export LAB_URL="$url" LAB_LOGIN="\${of[user]}:$(cat "\${of[password]#+}")"
exec nbdkit "\${options[@]}" ${more} sh ${dir}/disk.sh ${parameters}
`,
  );
  await chmod(program, 0o755);
  const disk = join(dir, 'disk.sh');
  await writeFile(
    disk,
    `#!/bin/bash
ask() { printf 'user = "%s"' "$LAB_LOGIN" | curl -K - -ksSf "$@"; }
case "$1" in
  get_size) ask -I "$LAB_URL" | tr -d '\\r' | sed -n 's/^content-length: //p' ;;
  pread) ask -r "$4-$(($4 + $3 - 1))" "$LAB_URL" || { echo "EIO it can not be read" >&2; exit 1; } ;;
  can_write|can_flush) exit 0 ;;
  pwrite)
    echo "$3 $4" >> ${dir}/writes
    if [ -e ${dir}/kill ]; then rm ${dir}/kill; kill -KILL "$PPID"; fi
    cat > "$tmpdir/piece"
    ask -X PUT -T "$tmpdir/piece" "$LAB_URL&offset=$4" || { echo "EIO it can not be written" >&2; exit 1; } ;;
  flush) echo flush >> ${dir}/writes ;;
  *) exit 2 ;;
esac
`,
  );
  await chmod(disk, 0o755);
  return program;
}
