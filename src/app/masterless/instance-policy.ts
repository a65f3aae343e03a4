import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { isEnvironmentName } from '../../masterless/instance/environment-name.ts';
import { instancePolicy } from '../../masterless/instance/policy.ts';
import { contentUrl } from './content-bucket.ts';

/**
 * The IAM policy of the role of these environments' instances. Throws a Failure (given) for what isn't a name
 * or a URL.
 */
export function policyFor(environments: string[], self: string, partition: string): object {
  const strange = environments.find(one => !isEnvironmentName(one));
  if (strange !== undefined)
    throw new Failure(
      given('wrong-environment', `${strange} is not a name of a Beanstalk environment`, {
        hint: '4 to 40 letters, digits and hyphens',
      }),
    );
  const { bucket, prefix } = contentUrl(self);
  if (/[*?$]/.test(bucket + prefix))
    throw new Failure(
      given('content-url', `${self} holds a character that a policy reads as many names: * ? $`, {
        hint: 'the role would get more than its own content: use a prefix without them',
      }),
    );
  const root = [bucket, prefix.replace(/^\/+|\/+$/g, '')].filter(Boolean).join('/');
  return instancePolicy(environments, root, partition);
}
