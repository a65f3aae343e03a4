import type { Identity, Instance } from '../../aws/instance.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Facts } from '../../manifest/scope/facts.ts';
import { hostFacts } from './host-facts.ts';

const someId = 'i-00000000000000000';
const identity: Identity = {
  instanceId: someId,
  instanceType: 'm6i.large',
  region: 'eu-west-1',
  availabilityZone: 'eu-west-1a',
  accountId: '000000000000',
  imageId: 'ami-00000000000000000',
};

/** Expressions may ask about the instance; which one it will be nobody knows yet. */
const recovered: Instance = {
  identity: async () => identity,
  tags: async () => ({}),
  async environment() {
    throw new Failure(
      given('no-environment', 'a recovered machine belongs to no Beanstalk environment', {
        hint: 'leave `facts.beanstalk` out of the post-launch manifests',
      }),
    );
  },
};

/** What can be said beforehand of a machine that will be recovered: some instance, with this platform. */
export const recoveredFacts = (platform: NodeJS.Platform): Facts => hostFacts({ platform }, false, recovered);
