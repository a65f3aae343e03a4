import { mistake } from '../../engine/model/mistakes.ts';
import { child } from '../../engine/model/pointer.ts';
import type { Mistake } from '../../engine/model/resource-type.ts';
import { repositoryMistakes } from '../shared/repository-property.ts';
import { type RecoveryTargetProperties, shellOf } from './recovery-target-schema.ts';

/** All that a manifest alone tells to be wrong. What takes the recorded machine is checked when planning. */
export function checkTarget(properties: RecoveryTargetProperties): Mistake[] {
  return [
    ...repositoryMistakes(properties),
    ...methodMistakes(properties),
    ...licenseMistakes(properties),
    ...networkMistakes(properties),
    ...tagMistakes(properties),
  ];
}

function methodMistakes({ method, import: more }: RecoveryTargetProperties): Mistake[] {
  if (method === 'raw' && more?.images === undefined)
    return [
      mistake(
        '/method',
        'images-missing',
        '`raw` imports images of the disks, and there is no place for them',
        'add `import: { images: s3://BUCKET/PREFIX }`',
      ),
    ];
  if (more !== undefined && (method === undefined || method === 'fast'))
    return [
      mistake(
        '/import',
        'import-unused',
        'nothing is imported by `fast`',
        'write another `method`, or remove it',
      ),
    ];
  return [];
}

function licenseMistakes(properties: RecoveryTargetProperties): Mistake[] {
  const { license, shell, tenancy, host_resource_group } = properties;
  const found: Mistake[] = [];
  if (license === 'byol' && (tenancy ?? 'default') === 'default')
    found.push(
      mistake(
        '/license',
        'license-tenancy',
        'a licence of Windows of your own has no License Mobility: it may not run on shared hardware',
        'add `tenancy: dedicated` or `tenancy: host`, or write `license: aws`',
      ),
    );
  if (shell !== undefined && license === undefined)
    found.push(
      mistake(
        '/shell',
        'shell-without-license',
        'a shell is for the licence of Windows, and no `license` is declared; Linux has none',
        'add `license: aws` or `license: byol`, or remove `shell`',
      ),
    );
  if (license === 'byol' && shellOf(properties) === 'stock')
    found.push(
      mistake(
        '/shell',
        'stock-byol',
        "what was launched from an image of Amazon's can never run under a licence of your own",
        'write `shell: own`, or `license: aws`',
      ),
    );
  if (host_resource_group !== undefined && tenancy !== 'host')
    found.push(
      mistake(
        '/host_resource_group',
        'hosts-tenancy',
        'a host resource group is for `tenancy: host`',
        'add `tenancy: host`, or remove it',
      ),
    );
  return found;
}

const octetsOf = (address: string): number[] => address.split('/')[0]!.split('.').map(Number);
const isAddress = (text: string): boolean => octetsOf(text).every(octet => octet <= 255);

function networkMistakes(properties: RecoveryTargetProperties): Mistake[] {
  const { private_address, admin_cidrs = [], fallback, instance_type, families } = properties;
  const found: Mistake[] = [];
  if (private_address !== undefined && !isAddress(private_address))
    found.push(
      mistake('/private_address', 'wrong-ipv4', `${private_address} is not an IPv4 address`, undefined),
    );
  if (private_address !== undefined && fallback?.subnets)
    found.push(
      mistake(
        '/fallback/subnets',
        'address-in-one-subnet',
        `${private_address} is in one subnet alone`,
        'remove `private_address`, or the other subnets',
      ),
    );
  for (const [n, cidr] of admin_cidrs.entries()) {
    const bits = Number(cidr.split('/')[1]);
    if (!isAddress(cidr) || bits > 32)
      found.push(mistake(`/admin_cidrs/${n}`, 'wrong-cidr', `${cidr} is not an IPv4 network`, undefined));
    else if (bits === 0)
      found.push(
        mistake(
          `/admin_cidrs/${n}`,
          'admin-everywhere',
          `${cidr} is everybody: RDP and SSH are not opened to the whole Internet`,
          'name the networks of those who administer it',
        ),
      );
  }
  if (instance_type !== undefined && families !== undefined)
    found.push(
      mistake(
        '/families',
        'type-and-families',
        `${instance_type} is declared, so that no type is chosen of families`,
        'remove one of the two',
      ),
    );
  return found;
}

function tagMistakes({ tags = {} }: RecoveryTargetProperties): Mistake[] {
  return Object.keys(tags)
    .filter(key => /^(aws|converge):/i.test(key))
    .map(key =>
      mistake(
        child('/tags', key),
        'reserved-tag',
        `tags that begin with ${key.split(':')[0]}: are not for manifests`,
        'give it another name',
      ),
    );
}
