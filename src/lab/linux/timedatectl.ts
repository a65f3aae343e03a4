import type { Program } from './program.ts';

/** Where the lab keeps its zone: the link that a real one is can't be made through the lab's files. */
const file = '/etc/timezone';
const zones =
  /^(UTC|(Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)(\/[A-Za-z0-9_+-]+){1,2})$/;

/** `show --property=Timezone --value`, `set-timezone ZONE`. */
export const timedatectl: Program = async ([verb, ...args], files) => {
  const said = (exitCode: number, stdout: string, stderr = '') => ({
    exitCode,
    stdout,
    stderr,
    timedOut: false,
  });
  if (verb === 'show') return said(0, `${(await files.read(file))?.toString().trim() ?? 'UTC'}\n`);
  const zone = args.at(-1) ?? '';
  if (!zones.test(zone))
    return said(1, '', `Failed to set time zone: Invalid or not installed time zone '${zone}'\n`);
  await files.writeAtomic(file, Buffer.from(`${zone}\n`));
  return said(0, '');
};
