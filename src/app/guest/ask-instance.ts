import type { Metadata } from '../../aws/instance-metadata.ts';
import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Host } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { type GuestOrder, ORDER_TAG, orderIn } from '../../recovery/guest/order.ts';

/** What the firmware of every instance of EC2's Nitro says, and no machine at home does. */
const vendor = 'Amazon EC2';
/** Where Linux shows it. Source: EC2 user guide, "Identify EC2 instances": DMI of Nitro instances. */
const vendorFile = '/sys/class/dmi/id/sys_vendor';

/**
 * Whether this may be an instance of EC2. At home nobody is asked for metadata then: whoever answers there
 * would decide when a machine changes. Where the firmware can't be looked at, it may be.
 */
export async function mayBeInstance({ platform, files }: Pick<Host, 'platform' | 'files'>): Promise<boolean> {
  if (platform !== 'linux') return true;
  // A container may not see it.
  const text = await files.read(vendorFile).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  return text === undefined || text.toString('utf8').trim() === vendor;
}

/** So often the metadata is looked at, ms. */
const lookEvery = 2_000;

/** Nobody answers, or not for an instance that may know its tags. */
const notYet = ['not-on-ec2', 'metadata-hop-limit', 'instance-metadata', 'instance-metadata-off'] as const;

/**
 * What a tag of this instance says to do, for as long as the tag may be on its way: an instance that has been
 * launched by a shell gets it when it has its own disks. Undefined when there is none by then, or nobody
 * answers for an instance.
 *
 * @param wait milliseconds
 * @throws Failure `post-launch-order`
 */
export async function orderHere(
  metadata: Metadata,
  wait: number,
  { clock, signal }: { clock: Host['clock']; signal: AbortSignal },
): Promise<GuestOrder | undefined> {
  const text = await retry(
    { atMost: wait, first: lookEvery, growth: 1 },
    { clock, signal, isNotYet: (found?: string) => found === undefined },
    () =>
      metadata.get(`meta-data/tags/instance/${ORDER_TAG}`).catch((error: unknown) => {
        // The network of a machine that starts comes up when it does.
        if (failedWith(error, ...notYet)) return undefined;
        throw error;
      }),
  );
  if (text === undefined) return undefined;
  const order = orderIn(text);
  if (order) return order;
  throw new Failure(
    world('post-launch-order', own`the tag ${ORDER_TAG} of this instance says ${text.slice(0, 100)}`, {
      hint: 'it is set by `converge failover`; is that of another version?',
    }),
  );
}
