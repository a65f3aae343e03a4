import type {
  DescribeInstanceTypeOfferingsRequest,
  DescribeInstanceTypeOfferingsResult,
  DescribeInstanceTypesRequest,
  DescribeInstanceTypesResult,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { filtersBy, select } from '../world/describe.ts';
import { refuse } from '../world/errors.ts';

export interface InstanceType {
  name: string;
  cpus: number;
  memoryMiB: number;
  /** What presents its volumes: NVMe on nitro. */
  hypervisor: 'nitro' | 'xen';
  architecture: 'x86_64' | 'arm64';
  bootModes: ('legacy-bios' | 'uefi')[];
  /** Letters of the zones that have it; all where left out. */
  zones?: string;
}

const sizes: [size: string, cpus: number, share: number][] = [
  ['nano', 2, 0.0625],
  ['micro', 2, 0.125],
  ['small', 2, 0.25],
  ['medium', 2, 0.5],
  ['large', 2, 1],
  ['xlarge', 4, 2],
  ['2xlarge', 8, 4],
  ['4xlarge', 16, 8],
  ['8xlarge', 32, 16],
  ['12xlarge', 48, 24],
  ['16xlarge', 64, 32],
  ['24xlarge', 96, 48],
];

/** Sizes that a family doesn't have. */
const lacking: Record<string, RegExp> = {
  t2: /^(4|8|12|16|24)xlarge$/,
  t3: /^(4|8|12|16|24)xlarge$/,
  t3a: /^(4|8|12|16|24)xlarge$/,
  m4: /^(8|12|24)xlarge$/,
  c5: /^(8|16)xlarge$/,
  m6g: /^24xlarge$/,
};

/** GiB of `large`. */
const families: [family: string, gib: number, first: string, rest?: Partial<InstanceType>][] = [
  ['t2', 8, 'micro', { hypervisor: 'xen', bootModes: ['legacy-bios'] }],
  ['m4', 8, 'large', { hypervisor: 'xen', bootModes: ['legacy-bios'] }],
  ['t3', 8, 'nano'],
  ['t3a', 8, 'nano'],
  ['m5', 8, 'large'],
  ['m6i', 8, 'large'],
  ['m6a', 8, 'large'],
  ['m7i', 8, 'large', { zones: 'a' }],
  ['c5', 4, 'large'],
  ['c6i', 4, 'large'],
  ['r5', 16, 'large'],
  ['r6i', 16, 'large'],
  ['m6g', 8, 'large', { architecture: 'arm64', bootModes: ['uefi'] }],
];

/** A few of EC2's types, with their true sizes. Source: Amazon EC2 instance types. */
const instanceTypes: ReadonlyMap<string, InstanceType> = new Map(
  families.flatMap(([family, gib, first, rest]) =>
    sizes
      .slice(sizes.findIndex(([size]) => size === first))
      .filter(([size]) => !lacking[family]?.test(size))
      .map(([size, cpus, share]) => {
        const type: InstanceType = {
          name: `${family}.${size}`,
          cpus,
          memoryMiB: gib * share * 1024,
          hypervisor: 'nitro',
          architecture: 'x86_64',
          bootModes: ['legacy-bios', 'uefi'],
          ...rest,
        };
        return [type.name, type] as const;
      }),
  ),
);

/** Throws ApiError for one that isn't there. */
export function typeOf(name: string): InstanceType {
  const found = instanceTypes.get(name);
  if (found) return found;
  throw refuse.parameter(`Invalid value '${name}' for InstanceType.`);
}

export const isOffered = ({ zones }: InstanceType, zone: string): boolean =>
  zones === undefined || zones.includes(zone.at(-1)!);

const described = (it: InstanceType): InstanceTypeInfo => ({
  InstanceType: it.name as NonNullable<InstanceTypeInfo['InstanceType']>,
  CurrentGeneration: it.hypervisor === 'nitro',
  FreeTierEligible: it.name.endsWith('.micro'),
  SupportedUsageClasses: ['on-demand', 'spot'],
  SupportedRootDeviceTypes: ['ebs'],
  SupportedVirtualizationTypes: ['hvm'],
  BareMetal: false,
  Hypervisor: it.hypervisor,
  ProcessorInfo: { SupportedArchitectures: [it.architecture] },
  VCpuInfo: { DefaultVCpus: it.cpus },
  MemoryInfo: { SizeInMiB: it.memoryMiB },
  InstanceStorageSupported: false,
  EbsInfo: {
    EbsOptimizedSupport: it.hypervisor === 'nitro' ? 'default' : 'supported',
    EncryptionSupport: 'supported',
    NvmeSupport: it.hypervisor === 'nitro' ? 'required' : 'unsupported',
  },
  NetworkInfo: {
    MaximumNetworkInterfaces: 3,
    Ipv4AddressesPerInterface: 10,
    EnaSupport: it.hypervisor === 'nitro' ? 'required' : 'unsupported',
  },
  BurstablePerformanceSupported: it.name.startsWith('t'),
  DedicatedHostsSupported: !it.name.startsWith('t'),
  SupportedBootModes: it.bootModes,
  NitroTpmSupport: it.hypervisor === 'nitro' ? 'supported' : 'unsupported',
});

const valuesOf = filtersBy<InstanceType>({
  'instance-type': type => [type.name],
  hypervisor: type => [type.hypervisor],
  'current-generation': type => [String(type.hypervisor === 'nitro')],
  'processor-info.supported-architecture': type => [type.architecture],
  'supported-boot-mode': type => type.bootModes,
  'vcpu-info.default-vcpus': type => [String(type.cpus)],
  'memory-info.size-in-mib': type => [String(type.memoryMiB)],
  'nitro-tpm-support': type => [type.hypervisor === 'nitro' ? 'supported' : 'unsupported'],
  'bare-metal': () => ['false'],
});

export const instanceTypeActions = {
  DescribeInstanceTypes(
    input: DescribeInstanceTypesRequest,
    { state }: Ec2Call,
  ): DescribeInstanceTypesResult {
    const { InstanceTypes: names } = input;
    const wrong = names?.filter(name => !instanceTypes.has(name));
    if (wrong && wrong.length > 0)
      throw refuse.other(
        'InvalidInstanceType',
        `The following supplied instance types do not exist: [${wrong.join(', ')}]`,
      );
    const all = [...instanceTypes.values()]
      .filter(({ name }) => !names || names.length === 0 || (names as string[]).includes(name))
      .map(type => ({ ...type, id: type.name }));
    const { page, ...token } = select(state, all, input, valuesOf, { ids: names, largest: 100 });
    return { InstanceTypes: page.map(described), ...token };
  },

  DescribeInstanceTypeOfferings(
    input: DescribeInstanceTypeOfferingsRequest,
    { state, region }: Ec2Call,
  ): DescribeInstanceTypeOfferingsResult {
    const isZonal = input.LocationType === 'availability-zone';
    const all = [...instanceTypes.values()].flatMap(type =>
      (isZonal ? [`${region}a`, `${region}b`] : [region])
        .filter(place => !isZonal || isOffered(type, place))
        .map(place => ({ id: `${type.name} ${place}`, type, place })),
    );
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) =>
        filter === 'location' ? [it.place] : filter === 'instance-type' ? [it.type.name] : undefined,
      { largest: 1000 },
    );
    return {
      InstanceTypeOfferings: page.map(({ type, place }) => ({
        InstanceType: type.name as NonNullable<InstanceTypeInfo['InstanceType']>,
        LocationType: isZonal ? 'availability-zone' : 'region',
        Location: place,
      })),
      ...token,
    };
  },
} satisfies Ec2Actions;
