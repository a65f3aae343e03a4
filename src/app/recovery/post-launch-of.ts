import type { CatalogResource } from '../../engine/model/catalog.ts';
import { parseDuration } from '../../io/duration.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';
import type { PostLaunch } from '../../recovery/run/run.ts';
import type { Recovering } from './open/with-declared.ts';

/** Milliseconds that a machine may take where the plan doesn't say. */
const usualPatience = 10 * 60_000;

/** What each machine of a plan is to converge itself by, with the digest of it as it is now. */
export const postLaunchOf =
  ({ catalog: { nested = [] } }: Pick<Recovering, 'catalog'>, { address, properties }: CatalogResource) =>
  (vm: string): PostLaunch | undefined => {
    const { post_launch = [] } = properties as unknown as PlanProperties;
    const entry = post_launch.findIndex(
      ({ targets }) => !targets || targets.some(title => title.toLowerCase() === vm.toLowerCase()),
    );
    const declared = post_launch[entry];
    const pointer = `/post_launch/${entry}/manifests`;
    const found = nested.find(one => one.address === address && one.pointer === pointer);
    if (!declared || !found) return undefined;
    const { manifests, within, noop } = declared;
    return {
      manifests,
      digest: found.digest,
      within: within === undefined ? usualPatience : (parseDuration(within) ?? usualPatience),
      ...(noop && { noop }),
    };
  };
