/** What a recovered machine is asked to do by a tag of its instance. */
export interface GuestOrder {
  mode: 'apply' | 'plan';
  /** SHA-256 of the manifests that are meant, in hex: see `digestOf`. */
  digest: string;
  /** 32 hex digits. Marks what is said about this very instance. */
  nonce: string;
}

/** Read in the guest through the instance metadata, which gives tags with such a name. */
export const ORDER_TAG = 'converge:post-launch';

const form = /^(apply|plan):([0-9a-f]{64}):([0-9a-f]{32})$/;

/** As the value of a tag, which takes 256 characters of a small set. */
export const orderText = ({ mode, digest, nonce }: GuestOrder): string => `${mode}:${digest}:${nonce}`;

/** Undefined: it isn't an order. */
export function orderIn(text: string): GuestOrder | undefined {
  const [, mode, digest, nonce] = form.exec(text.trim()) ?? [];
  if (mode === undefined || digest === undefined || nonce === undefined) return undefined;
  return { mode: mode as GuestOrder['mode'], digest, nonce };
}
