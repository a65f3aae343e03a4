import type { DiskFacts } from './disk-facts.ts';
import type { ImageFacts } from './initramfs/find.ts';
import type { Judged } from './judged.ts';

const what = 'NVMe driver';
const source = 'disk';
const prepare =
  'put it in, in the guest: `nvme` into /etc/initramfs-tools/modules and `update-initramfs -u -k all`, or `dracut --add-drivers nvme --regenerate-all --force`';

/** Whether a Linux finds its root behind NVMe, as each disk of an EC2 instance of today's types is. */
export function nvmeFinding({ initramfs, parts }: DiskFacts): Judged {
  const images = initramfs?.images ?? [];
  if (images.length === 0) return { what, verdict: 'unknown', source, ...nowhere(parts) };
  const verdicts = images.map(image => ({ image, has: hasNvme(image) }));
  const words = (of: typeof verdicts) => of.map(({ image }) => image.path).join(', ');
  const without = verdicts.filter(({ has }) => has === false);
  const unsure = verdicts.filter(({ has }) => has === undefined);
  if (without.length === images.length)
    return {
      what,
      verdict: 'not ready',
      why: `${words(without)} has no nvme: Linux would not find its root disk`,
      source,
      blocks: 'fast',
      wayOut: prepare,
    };
  const [first] = unsure;
  if (first)
    return {
      what,
      verdict: 'unknown',
      why: `${words(unsure)}: ${'why' in first.image ? first.image.why : 'it holds no modules, and nothing says what its kernel has built in'}`,
      source,
      wayOut: `make it with gzip or zstd, look with \`lsinitramfs\` or \`lsinitrd\`, or rehearse`,
    };
  if (without.length > 0)
    return {
      what,
      verdict: 'unknown',
      why: `which one is started isn't known, and ${words(without)} has no nvme`,
      source,
      wayOut: prepare,
    };
  return { what, verdict: 'ready', why: `${words(verdicts)} has nvme`, source };
}

/** Undefined: nothing says so or otherwise. */
function hasNvme(image: ImageFacts): boolean | undefined {
  if ('why' in image) return undefined;
  const { inspected, builtIn } = image;
  if (inspected.nvme !== 'none' || builtIn === true) return true;
  // Without a single module its kernel has all that it needs built in, or the system isn't whole.
  return inspected.modules > 0 || inspected.saysBuiltIn || builtIn === false ? false : undefined;
}

function nowhere(parts: DiskFacts['parts']): { why: string; wayOut: string } {
  const other = parts.filter(({ content, why }) => why !== undefined || unread.includes(content));
  const said = other.map(
    ({ number, content, why }) =>
      `${number === 0 ? 'the disk' : `partition ${number}`} is ${content}${why === undefined ? '' : ` (${why})`}`,
  );
  return {
    why: `no initramfs was found${said.length > 0 ? `: ${said.join(', ')}, which isn't read here` : ''}`,
    wayOut: 'look in the guest with `lsinitramfs` or `lsinitrd` for nvme, or rehearse',
  };
}

const unread = ['lvm', 'luks', 'raid', 'xfs', 'btrfs', 'unknown'];
