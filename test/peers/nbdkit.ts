import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const nbdkitPresent = spawnSync('nbdkit', ['--version']).error === undefined;
if (!nbdkitPresent)
  console.warn('SKIPPED: disks read through nbdkit: no nbdkit in PATH (.ci/peers.d/nbd.sh)');

/**
 * A program that takes nbdkit's arguments for VMware's plugin, whose library nobody may redistribute: the
 * real nbdkit with its curl plugin reads what the lab's snapshot froze, after the thumbprint was compared.
 * All that it was called with is in `argv`, and which files it was given in `files`, with their permissions.
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
exec nbdkit "\${options[@]}" ${more} curl sslverify=false user="\${of[user]}" password="\${of[password]}" \\
  url="https://\${of[server]}:$port/lab/frozen?vm=\${of[vm]#moref=}&snapshot=\${of[snapshot]}&file=/$file" ${parameters}
`,
  );
  await chmod(program, 0o755);
  return program;
}
